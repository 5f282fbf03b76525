"""A bit flipped anywhere in a file: every command that opens it says so, and leaves nothing behind."""

import pathlib
import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.modelfile import protobuf
from vaecli.modelfile.metadata import KEY_DIGEST

PHOTOS = [pathlib.Path(__file__).parents[2] / "examples" / name for name in ("shirt.png", "boot.png")]
COMMANDS = {
    "sample": ["-n", "2", "-o", "out.png"],
    "interpolate": [*PHOTOS, "-o", "out.npy"],
    "eval": ["--data", "halved", "--metrics", "elbo", "--json"],
    "verify": [],
    "info": ["--json"],
    "bench": ["--seconds", "0.001", "--json", "--quiet"],
}
FILES = ["decoder.onnx", "encoder.onnx", "decoder.fp16.onnx", "decoder.int8.onnx"]
PLACES = 12  # spread over each file; its first and last byte, and its own digest, beside them


def opens(command, name):
    """The options with which a command opens a file; None if it never does."""
    if command in ("verify", "info", "bench"):
        return []
    if name == "encoder.onnx":
        return None if command == "sample" else []
    precision = name.removeprefix("decoder").removesuffix(".onnx").lstrip(".")
    return ["--precision", precision] if precision else []


CASES = [(command, name) for command in COMMANDS for name in FILES if opens(command, name) is not None]


@pytest.fixture
def damaged(small_folder, here):
    """Flip a bit of a file of a copy of the model, at one place after the other; then it is whole again."""
    folder = shutil.copytree(small_folder, here / "model")
    (here / "halved").mkdir()
    (here / "halved" / "t10k-images-idx3-ubyte").write_bytes(encode_idx(np.zeros((8, 14, 13), np.uint8)))

    def damaged(name):
        path = folder / name
        whole = path.read_bytes()
        digest = protobuf.metadata(whole)[KEY_DIGEST][1]
        random = np.random.default_rng(len(whole))
        spread = ((np.arange(PLACES) + random.random(PLACES)) / PLACES * len(whole)).astype(int)
        for place in (0, digest, digest + 63, len(whole) - 1, *spread):
            content = bytearray(whole)
            content[place] ^= 1 << random.integers(8)
            path.write_bytes(content)
            yield place
        path.write_bytes(whole)

    return damaged


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_flipped_bit_is_found(call, here, contents, damaged, case):
    """Exit code 1, one line that names the file, nothing on stdout, no file made or changed; whole, all is well."""
    command, name = case
    arguments = [command, *COMMANDS[command], *opens(command, name), "-m", "model"]
    for place in damaged(name):
        before = contents(here)
        code, stdout, stderr = call(*arguments)
        assert (code, stdout) == (1, ""), place
        assert stderr.startswith("Error: ") and stderr.count("\n") == 1, stderr
        assert name in stderr and "Traceback" not in stderr, stderr
        assert contents(here) == before, place
    assert call(*arguments)[0] == 0
