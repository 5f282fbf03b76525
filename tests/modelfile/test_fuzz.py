"""A few hundred mutated files and hostile graphs are each refused with a VaecliError, or work.

examples/proofs/fuzz.py tries thousands.
"""

import importlib
import pathlib
import sys

import pytest

from vaecli.errors import VaecliError
from vaecli.modelfile.read import read_file

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "proofs"
COUNT, GRAPHS = 200, 150


@pytest.fixture(scope="module", autouse=True)
def fuzzing():
    """Make the script's modules importable by name, here and in its child processes."""
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def mutants(fuzzing):
    return importlib.import_module("fuzzing.mutants")


@pytest.fixture(scope="module")
def graphs(fuzzing):
    return importlib.import_module("fuzzing.graphs")


@pytest.fixture(scope="module")
def opening(fuzzing):
    return importlib.import_module("fuzzing.opening")


@pytest.fixture(scope="module")
def originals(mutants, small_folder):
    return {part: (small_folder / f"{part}.onnx").read_bytes() for part in mutants.PARTS}


@pytest.fixture(scope="module")
def opener(opening):
    opener = opening.Opener()
    yield opener
    opener.close()


@pytest.fixture
def tried(opening, originals, opener, tmp_path):
    """A function that tries files and counts those refused and those that onnxruntime ran in another process."""

    def tried(files):
        reached = refused = 0
        for file in files:
            folder = opening.write_model(tmp_path, originals, file)
            try:
                read_file(folder / f"{file.part}.onnx")
            except VaecliError:
                refused += 1
                continue
            result = opening.judge(file, originals[file.part], opener.open(folder, file.part))
            assert not result.startswith(opening.FAILURES), (
                f"{file.number} ({file.part}, {file.change}): {result}"
            )
            reached += 1
        return refused, reached

    return tried


def test_mutants_are_refused_or_work(mutants, originals, tried):
    """Each mutant, with its old and with a corrected digest, raises a VaecliError or works."""
    refused, reached = tried(
        file for number in range(COUNT) for file in mutants.mutants(originals, number, seed=1)
    )
    assert refused > COUNT
    assert reached > COUNT / 50  # with a corrected digest some reach onnxruntime


def test_hostile_graphs_are_refused_or_work(graphs, originals, tried):
    """Many of the well-formed random graphs are refused, and many run within the limits."""
    first = len(graphs.ATTACKS)  # test_known_attacks tries those
    refused, reached = tried(
        graphs.hostile(originals["decoder"], number, seed=1) for number in range(first, first + GRAPHS)
    )
    assert refused > GRAPHS / 5
    assert reached > GRAPHS / 5


def test_known_attacks(graphs, originals, opening, tmp_path):
    """Known attacks are refused before onnxruntime sees them; the largest accepted graph is not."""
    for number, name in enumerate(graphs.ATTACKS):
        file = graphs.hostile(originals["decoder"], number, seed=1)
        folder = opening.write_model(tmp_path, originals, file)
        if name == "largest accepted":
            assert read_file(folder / "decoder.onnx").cost.elements > 0.8 * 2**29
        else:
            with pytest.raises(VaecliError, match="not one that vaecli writes"):
                read_file(folder / "decoder.onnx")


def test_a_file_can_be_made_again(mutants, graphs, originals):
    """Seed and number determine the file; each mutant comes with its old and with a corrected digest."""
    first = mutants.mutants(originals, 3, seed=1)
    assert first == mutants.mutants(originals, 3, seed=1)
    assert first[0].content != mutants.mutants(originals, 3, seed=2)[0].content
    assert [file.stamped for file in first] == [False, True]
    assert {mutants.mutants(originals, number, seed=1)[0].part for number in range(4)} == set(mutants.PARTS)
    hostile = [graphs.hostile(originals["decoder"], 99, seed=seed) for seed in (1, 1, 2)]
    assert hostile[0] == hostile[1] and hostile[0].content != hostile[2].content


def test_the_harness_detects_failures(mutants, opening, opener, model_folder):
    """A process that dies is a crash, a slow one a hang, an undetected change a failure; the harness goes on."""
    assert opener.open(model_folder, "decoder") == opening.OPENED
    opener.kill()
    assert opener.open(model_folder, "encoder").startswith(opening.CRASH)
    assert opener.open(model_folder, "encoder") == opening.OPENED
    mutant = mutants.Mutant(0, "bits", False, "decoder", b"changed")
    assert opening.judge(mutant, b"original", opening.OPENED) == opening.UNNOTICED
    assert opening.judge(mutant, b"original", "refused: is damaged") == "refused: is damaged"
    slow = opening.Opener(seconds=0)
    assert slow.open(model_folder, "decoder") == opening.HANG
    slow.close()
