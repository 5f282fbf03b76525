"""Compare `vaecli sample -n 64 -o x.png`, as a process, with its bare imports and with a Keras script.

    python examples/benchmarks/sample_process.py -m MODEL [--rounds 9]

The processes alternate. Prints the least and the median wall time of each, in seconds, and the ratios of the
medians. The Keras script loads the run's decoder.keras, so it needs a run folder and the `train` extra; a
model folder has no such file, and the script is left out.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ENVIRONMENT = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # a package installed by pip has its bytecode
BARE = "import onnxruntime, numpy, PIL"
KERAS = """
import sys
import keras, numpy, PIL.Image

decoder = keras.saving.load_model(sys.argv[1], compile=False)
z = numpy.random.default_rng(0).standard_normal((64, decoder.inputs[0].shape[1])).astype("float32")
logits = decoder({"z": z}, training=False)["logits"]
images = keras.ops.convert_to_numpy(keras.ops.sigmoid(logits))
height, width, channels = images.shape[1:]
grid = images.reshape(8, 8, height, width, channels).transpose(0, 2, 1, 3, 4)
page = grid.reshape(8 * height, 8 * width, channels)
page = (255 * page + 0.5).astype("uint8").repeat(4, 0).repeat(4, 1)
PIL.Image.fromarray(page[..., 0] if channels == 1 else page).save(sys.argv[2])
"""


def seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    return time.perf_counter() - start


def commands(model: pathlib.Path, folder: pathlib.Path) -> dict[str, list[str]]:
    """Return the command line of each process."""
    picture = str(folder / "x.png")
    processes = {
        "bare imports": [sys.executable, "-c", BARE],
        "vaecli": [
            *(sys.executable, "-m", "vaecli", "sample"),
            *("-m", str(model), "-n", "64", "-o", picture, "--force"),
        ],
    }
    if (model / "decoder.keras").exists():
        processes["keras"] = [sys.executable, "-c", KERAS, str(model / "decoder.keras"), picture]
    return processes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        processes = commands(options.model, pathlib.Path(folder))
        times: dict[str, list[float]] = {name: [] for name in processes}
        for _ in range(options.rounds):
            for name, command in processes.items():
                times[name].append(seconds_of(command))
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    result = {
        name: {"median": round(medians[name], 3), "least": round(min(times[name]), 3)} for name in times
    }
    ratios = {f"vaecli / {name}": round(medians["vaecli"] / medians[name], 3) for name in times}
    print(json.dumps(result | ratios))


if __name__ == "__main__":
    main()
