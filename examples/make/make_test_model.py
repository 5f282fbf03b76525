"""Train the small models that the tests use, and export them to tests/models/.

    python examples/make/make_test_model.py            # both
    python examples/make/make_test_model.py small      # one of them

`mini-2d` is the classic network with 2 latent dimensions after 12 epochs on the bundled subset. `small` is
the same network on pictures of half the size, cut to 14 x 13, with three decoders: float32, int8 and fp16.
Both take about a minute and need the `train` extra. The files are committed, so that the tests run where
TensorFlow is not installed.
"""

import pathlib
import shutil
import sys
import tempfile

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.options import TrainOptions
from vaecli.tasks.export import ExportOptions, export
from vaecli.tasks.train.train import train

MODELS = pathlib.Path(__file__).parents[2] / "tests" / "models"


def mini_2d(folder: pathlib.Path) -> pathlib.Path:
    options = TrainOptions(data="fashion-mnist-mini", epochs=12, latent_dim=2)
    train(options, out=folder / "mini-2d")
    return folder / "mini-2d" / "model"


def small(folder: pathlib.Path) -> pathlib.Path:
    data = folder / "halved"
    data.mkdir()
    images = load_mini("train").images[:][..., 0].astype(int)
    halved = (images.reshape(-1, 14, 2, 14, 2).sum(axis=(2, 4)) // 4)[:, :, :13].astype("uint8")
    (data / "train-images-idx3-ubyte").write_bytes(encode_idx(halved))
    train(TrainOptions(data=str(data), epochs=12, latent_dim=2), out=folder / "small")
    options = ExportOptions(out=folder / "exported", precisions=["int8", "fp16"])
    return export(folder / "small", options).folder


def main() -> None:
    for make in (mini_2d, small):
        name = make.__name__.replace("_", "-")
        if name not in (sys.argv[1:] or [name]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            exported = make(pathlib.Path(folder))
            shutil.rmtree(MODELS / name, ignore_errors=True)
            shutil.copytree(exported, MODELS / name)
        print(MODELS / name)


if __name__ == "__main__":
    main()
