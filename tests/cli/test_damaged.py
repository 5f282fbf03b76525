"""A flipped bit anywhere in a model file: every command that opens the file reports it, and writes nothing."""

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
    "traverse": [PHOTOS[0], "-o", "out.png"],
    "edit": [PHOTOS[0], "--toward", PHOTOS[1], "--from", PHOTOS[0], "-o", "out.png"],
    "similar": [PHOTOS[0], "--among", PHOTOS[1], "-o", "out.png"],
    "eval": ["--data", "halved", "--metrics", "elbo", "--json"],
    "verify": [],
    "info": ["--json"],
    "bench": ["--seconds", "0.001", "--json", "--quiet"],
}
FILES = ["decoder.onnx", "encoder.onnx", "encoder.fp16.onnx", "decoder.fp16.onnx", "decoder.int8.onnx"]
PLACES = 12  # spread over each file, besides its first byte, its last byte and its digest


def opens(command, name):
    """Return the options with which a command opens a file; None if it never opens it."""
    if command in ("verify", "info", "bench"):
        return []
    part, *precision = name.removesuffix(".onnx").split(".")
    if part == "encoder" and command == "sample":
        return None
    if command == "similar" and precision:
        return None
    return ["--precision", *precision] if precision else []


CASES = [(command, name) for command in COMMANDS for name in FILES if opens(command, name) is not None]


@pytest.fixture
def damaged(small_folder, here):
    """Flips a bit of a file of a copied model at one position after the other, and restores the file at the end."""
    folder = shutil.copytree(small_folder, here / "model")
    (here / "halved").mkdir()
    (here / "halved" / "t10k-images-idx3-ubyte").write_bytes(encode_idx(np.zeros((8, 14, 13), np.uint8)))

    def damaged(name):
        path = folder / name
        original = path.read_bytes()
        digest = protobuf.metadata(original)[KEY_DIGEST][1]
        random = np.random.default_rng(len(original))
        spread = ((np.arange(PLACES) + random.random(PLACES)) / PLACES * len(original)).astype(int)
        for place in (0, digest, digest + 63, len(original) - 1, *spread):
            content = bytearray(original)
            content[place] ^= 1 << random.integers(8)
            path.write_bytes(content)
            yield place
        path.write_bytes(original)

    return damaged


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_flipped_bit_is_found(call, here, contents, damaged, case):
    """Exit code 1, one line that names the file, nothing on stdout, no file written; then the command succeeds."""
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
