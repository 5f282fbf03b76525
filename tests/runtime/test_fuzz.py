"""Mutated files, some hundreds: an error of ours each time, or a file that works. examples/fuzz.py does more."""

import importlib.util
import pathlib
import sys

import pytest

from vaecli.errors import VaecliError
from vaecli.runtime import modelfile

SCRIPT = pathlib.Path(__file__).parents[2] / "examples" / "fuzz.py"
COUNT = 300


@pytest.fixture(scope="module")
def fuzz():
    """The script as a module, under a name that its child processes can import it by."""
    spec = importlib.util.spec_from_file_location("fuzz", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module
    sys.path.insert(0, str(SCRIPT.parent))
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(SCRIPT.parent))
    del sys.modules["fuzz"]


@pytest.fixture(scope="module")
def originals(fuzz, small_folder):
    return {part: (small_folder / f"{part}.onnx").read_bytes() for part in fuzz.PARTS}


@pytest.fixture
def opener(fuzz):
    opener = fuzz.Opener()
    yield opener
    opener.close()


def test_mutants_are_refused_or_work(fuzz, originals, opener, tmp_path):
    """Each mutant ends in one of our errors before onnxruntime, or comes through it in another process unharmed."""
    reached = refused = 0
    for number in range(COUNT):
        tried = fuzz.mutant(originals, number, seed=1)
        folder = fuzz.written(tmp_path, originals, tried)
        try:
            modelfile.read(folder / f"{tried.part}.onnx")
        except VaecliError:
            refused += 1
            continue
        result = fuzz.judged(tried, originals[tried.part], opener.open(folder, tried.part))
        assert not result.startswith(fuzz.BAD), f"mutant {number} ({tried.part}, {tried.how}): {result}"
        reached += 1
    assert refused > COUNT / 2
    assert reached > COUNT / 50  # the digest made right, some get to onnxruntime


def test_a_mutant_can_be_made_again(fuzz, originals):
    """Seed and number give the same file; both count; half of them have a right digest."""
    first = fuzz.mutant(originals, 3, seed=1)
    assert first == fuzz.mutant(originals, 3, seed=1)
    assert first.content != fuzz.mutant(originals, 3, seed=2).content
    assert sum(fuzz.mutant(originals, number, seed=1).stamped for number in range(40)) == 20
    assert {fuzz.mutant(originals, number, seed=1).part for number in range(4)} == set(fuzz.PARTS)


def test_what_the_harness_would_find(fuzz, originals, opener, model_folder):
    """A process that dies is a crash, one too slow a hang, an unseen change an error; and it goes on."""
    assert opener.open(model_folder, "decoder") == fuzz.OPENED
    opener._process.kill()
    assert opener.open(model_folder, "encoder").startswith(fuzz.CRASH)
    assert opener.open(model_folder, "encoder") == fuzz.OPENED
    tried = fuzz.Mutant(0, "bits", False, "decoder", b"changed")
    assert fuzz.judged(tried, b"original", fuzz.OPENED) == fuzz.UNNOTICED
    assert fuzz.judged(tried, b"original", "refused: is damaged") == "refused: is damaged"
    slow = fuzz.Opener(seconds=0)
    assert slow.open(model_folder, "decoder") == fuzz.HANG
    slow.close()
