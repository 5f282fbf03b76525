"""`vaecli train --dry-run`: a run is described and not made."""

import json

import pytest

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("network", "width"), [("classic", 16), ("dense", 512), ("conv", 32), ("residual", 64)]
)
def test_a_run_is_described_and_not_made(call, here, check_schema, network, width):
    """The counts are those of the network that would be trained, the sizes those of its files; no file is made."""
    options = [
        "--data",
        "fashion-mnist-mini",
        "--network",
        network,
        "--latent-dim",
        "3",
        "--batch-size",
        "64",
    ]
    code, stdout, stderr = call("train", *options, "--dry-run", "--json")
    assert code == 0, stderr
    document = json.loads(stdout)
    check_schema("train-dry-run", document)
    assert document["options"]["batch_size"] == 64 and document["options"]["width"] == width
    assert document["n_train"] + document["n_validation"] == 6000
    assert document["steps"] == -(-document["n_train"] // 64)
    for name in ("weights", "multiplications"):
        assert document[name] == sum(layer[name] for layer in document["layers"])
    weights = dict.fromkeys(("encoder", "decoder"), 0)
    for layer in document["layers"]:
        weights[layer["part"]] += layer["weights"]
    for part, size in document["file_sizes"].items():
        assert size == pytest.approx(4 * weights[part], abs=50_000)
    assert document["layers"][-1]["output_shape"] == [28, 28, 1]
    assert list(here.iterdir()) == []


def test_as_a_table(call, here):
    """Without --json the layers stand in a table, and the figures below it."""
    code, stdout, stderr = call("train", "--data", "fashion-mnist-mini", "--latent-dim", "2", "--dry-run")
    assert code == 0, stderr
    for text in (
        "convolution_1",
        "14 x 14 x 32",
        "134,165",
        "s with its validation",
        "encoder.onnx 0.",
        "MB at",
    ):
        assert text in stdout
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["--resume", "run"], 2, "Got --dry-run"),
        (["--data", "nowhere"], 1, "nowhere"),
        (["--data", "fashion-mnist-mini", "--depth", "5"], 2, "--depth must be left out or 2"),
    ],
)
def test_refusals(call, here, arguments, exit_code, says):
    """Options that a run would refuse are refused."""
    code, stdout, stderr = call("train", *arguments, "--dry-run")
    assert (code, stdout) == (exit_code, "") and says in stderr and "Traceback" not in stderr
    assert list(here.iterdir()) == []
