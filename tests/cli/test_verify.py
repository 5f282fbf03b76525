"""`vaecli verify`: do the files of a model compute on this machine what was trained?"""

import json
import shutil

import numpy as np
import pytest

from vaecli.modelfile import graph
from vaecli.modelfile.prior_facts import PriorFacts, StoredPrior
from vaecli.modelfile.read import read_file

OUTPUTS = [("decoder.onnx", "image"), ("decoder.onnx", "logits"), ("encoder.onnx", "z_mean")]


@pytest.fixture
def copied(model_folder, tmp_path):
    """A copy of the committed model to change; original.onnx beside its folder is the unchanged decoder."""
    shutil.copy(model_folder / "decoder.onnx", tmp_path / "original.onnx")
    return shutil.copytree(model_folder, tmp_path / "model")


@pytest.fixture
def changed(copied, forge):
    """Changes the weights of one constant of a file in place, and corrects the digest."""

    def changed(name, place, change):
        path = copied / name
        content = path.read_bytes()
        constants = [tensor for tensor in graph.read(content).tensors.values() if tensor.element_type == 1]
        first, last = constants[place % len(constants)].span
        weights = np.frombuffer(content[first:last], "<f4").copy()
        change(weights)
        path.write_bytes(forge.stamp(content[:first] + weights.tobytes() + content[last:]))
        return len(constants)

    return changed


def test_verify_passes(call, model_folder):
    """Every output of every file is listed with its difference and its bound; exit code 0."""
    code, stdout, stderr = call("verify", "-m", model_folder)
    assert (code, stderr) == (0, "")
    lines = [line.split() for line in stdout.splitlines()]
    assert [(line[0], line[1]) for line in lines[1:4]] == OUTPUTS
    assert all(line[-1] == "pass" and float(line[3]) <= float(line[4]) for line in lines[1:])
    assert max(map(len, stdout.splitlines())) <= 80


def test_verify_as_json(call, model_folder):
    """`--json` prints the same figures."""
    code, stdout, _ = call("verify", "-m", model_folder, "--json")
    document = json.loads(stdout)
    assert code == 0 and document["passed"] is True
    assert {(check["file"], check["output"]) for check in document["checks"]} >= set(OUTPUTS)
    assert all(check["count"] >= 4 and check["largest"] <= check["bound"] for check in document["checks"])


def test_the_decoder_alone(call, copied):
    """Without an encoder the decoder alone is verified."""
    (copied / "encoder.onnx").unlink()
    code, stdout, _ = call("verify", "-m", copied / "decoder.onnx", "--json")
    assert code == 0
    assert {check["file"] for check in json.loads(stdout)["checks"]} == {"decoder.onnx"}


def nothing(_):
    pass


def all_a_little(weights):
    weights += np.float32(0.003)


def largest_by_two_per_cent(weights):
    weights[np.argmax(np.abs(weights))] *= np.float32(1.02)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("decoder.onnx", largest_by_two_per_cent),
        ("decoder.onnx", all_a_little),
        ("encoder.onnx", all_a_little),
    ],
)
def test_changed_weights_under_a_right_digest(call, changed, copied, name, change):
    """A small change of any one constant is detected by the golden vectors."""
    original = (copied / name).read_bytes()
    for place in range(changed(name, 0, nothing)):
        changed(name, place, change)
        assert read_file(copied / name)  # the digest is right
        code, stdout, stderr = call("verify", "-m", copied)
        assert code == 1, f"constant {place}"
        assert "FAIL" in stdout and f"{name} does not compute what it computed where it was made" in stderr
        (copied / name).write_bytes(original)


def test_weights_that_are_nan(call, changed, copied):
    """NaN in an output fails the check, and is null in JSON."""
    changed("decoder.onnx", 0, lambda weights: weights.fill(np.nan))
    code, stdout, _ = call("verify", "-m", copied, "--json")
    document = json.loads(stdout, parse_constant=pytest.fail)
    assert (code, document["passed"]) == (1, False)
    assert None in [check["largest"] for check in document["checks"]]


@pytest.mark.parametrize("precision", ["int8", "float32", "fp16"])
def test_bounds_that_a_file_brings_along(call, changed, copied, forge, precision):
    """An int8 file may carry bounds of its own; a file that computes in float32 may not."""
    changed("decoder.onnx", 0, all_a_little)
    decoder = read_file(copied / "decoder.onnx")
    info = json.loads(decoder.metadata["vaecli.info"]) | {"precision": precision}
    golden = json.loads(decoder.metadata["vaecli.golden"]) | {"bounds": {"image": 1.0, "logits": 1000.0}}
    entries = dict(decoder.metadata) | {"vaecli.info": json.dumps(info), "vaecli.golden": json.dumps(golden)}
    entries.pop("vaecli.sha256")
    (copied / "decoder.int8.onnx").write_bytes(forge.with_entries(decoder.content, entries))
    shutil.copy(copied.parent / "original.onnx", copied / "decoder.onnx")
    code, stdout, _ = call("verify", "-m", copied, "--json")
    assert code == (precision != "int8")
    checks = [check for check in json.loads(stdout)["checks"] if check["file"] == "decoder.int8.onnx"]
    assert len(checks) == 2 and all(check["passed"] == (precision == "int8") for check in checks)


def test_a_prior_that_cannot_be_used(call, mixed_folder, replace_prior, tmp_path):
    """The weights are right, but the mixture that the file names is missing, or its covariance is broken."""
    assert call("verify", "-m", mixed_folder)[0] == 0
    file = read_file(mixed_folder / "decoder.onnx")
    facts = file.prior_facts()
    broken = type(facts)(**facts.arrays() | {"scales": np.zeros_like(facts.scales)})
    for name, stored in {
        "missing": StoredPrior(file.info.prior, PriorFacts()),
        "broken": StoredPrior(file.info.prior, broken),
    }.items():
        code, stdout, stderr = call("verify", "-m", replace_prior(mixed_folder, tmp_path / name, stored))
        assert (code, stdout) == (1, "") and "mixture" in stderr, name


def test_golden_vectors_of_another_graph(call, copied, forge):
    """Golden vectors of another graph are refused, and so are an encoder and a decoder of two models."""
    decoder, encoder = (read_file(copied / f"{part}.onnx") for part in ("decoder", "encoder"))
    entries = dict(decoder.metadata) | {"vaecli.golden": encoder.metadata["vaecli.golden"]}
    entries.pop("vaecli.sha256")
    decoder.path.write_bytes(forge.with_entries(decoder.content, entries))
    code, _, stderr = call("verify", "-m", copied)
    assert code == 1 and "must have the inputs and outputs of its graph" in stderr
    another = json.loads(encoder.metadata["vaecli.info"]) | {"model_id": "another"}
    entries = dict(encoder.metadata) | {"vaecli.info": json.dumps(another)}
    entries.pop("vaecli.sha256")
    encoder.path.write_bytes(forge.with_entries(encoder.content, entries))
    for command in ("verify", "info"):
        code, _, stderr = call(command, "-m", copied)
        assert code == 1 and "belong to two models" in stderr


@pytest.mark.parametrize("command", ["verify", "info"])
def test_nothing_to_verify(call, here, model_folder, command):
    """A missing model is refused, and so is an encoder in place of a decoder."""
    assert call(command)[0] == 1
    code, _, stderr = call(command, "-m", model_folder / "encoder.onnx")
    assert code == 1 and "must be a decoder, got an encoder" in stderr
