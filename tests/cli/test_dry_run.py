"""`vaecli train --dry-run`: a run is described and not made."""

import json
import re

import pytest

from vaecli.choices import INT8_NETWORKS
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.job import begin

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
    assert document["seconds_an_epoch"] > 0 and document["seconds_a_mixture_epoch"] is None
    assert document["steps"] == -(-document["n_train"] // 64)
    for name in ("weights", "multiplications"):
        assert document[name] == sum(layer[name] for layer in document["layers"])
    weights = dict.fromkeys(("encoder", "decoder"), 0)
    for layer in document["layers"]:
        weights[layer["part"]] += layer["weights"]
    for part, size in document["file_sizes"].items():
        assert size == pytest.approx(4 * weights[part], abs=50_000)
        assert document["reduced_sizes"][f"{part}.fp16"] == pytest.approx(size / 2, abs=25_000)
    assert ("decoder.int8" in document["reduced_sizes"]) == (network in INT8_NETWORKS)
    assert document["layers"][-1]["output_shape"] == [28, 28, 1]
    assert list(here.iterdir()) == []


def test_as_a_table(call, here):
    """Without --json the layers stand in a table, and the figures below it."""
    options = ["--data", "fashion-mnist-mini", "--latent-dim", "2", "--mixture-epochs", "27"]
    code, stdout, stderr = call("train", *options, "--dry-run")
    assert code == 0, stderr
    for text in (
        "convolution_1",
        "14 x 14 x 32",
        "134,165",
        "s with its validation",
        "encoder.onnx 0.",
        "decoder.int8.onnx 0.",
        "MB more: mixtures, facts, test vectors",
        "MB at",
    ):
        assert text in stdout
    assert list(here.iterdir()) == []


def test_epochs_with_a_mixture(call, here, check_schema):
    """They are measured, too, and count in the time of all epochs."""
    typed = ["--data", "fashion-mnist-mini", "--latent-dim", "2", "--mixture-epochs", "27", "--dry-run"]
    code, stdout, stderr = call("train", *typed, "--json")
    assert code == 0, stderr
    document = json.loads(stdout)
    check_schema("train-dry-run", document)
    assert document["seconds_an_epoch"] > 0 and document["seconds_a_mixture_epoch"] > 0
    code, stdout, stderr = call("train", *typed)
    assert code == 0, stderr
    text = r", ([\d.]+) s with its validation; ([\d.]+) s with a mixture .*30 epochs +([\d.]+) min at most"
    plain, mixture, minutes = map(float, re.search(text, stdout, re.DOTALL).groups())
    assert minutes == pytest.approx((3 * plain + 27 * mixture) / 60, abs=0.08)  # all three are rounded
    assert list(here.iterdir()) == []


def test_a_file_with_another_network(call, here):
    """Numbers of the file's network and epochs give way to the defaults, and a note names them."""
    with begin(TrainOptions(data="fashion-mnist-mini", latent_dim=3), here / "run", Watcher()) as job:
        config = job.run.config
    typed = ["--config", config, "--network", "dense", "--epochs", "60", "--dry-run", "--json"]
    code, stdout, stderr = call("train", *typed)
    assert code == 0, stderr
    options = json.loads(stdout)["options"]
    expected = {"network": "dense", "width": 512, "learning_rate": 0.002, "kl_warmup": 6.0, "latent_dim": 3}
    assert options | expected == options
    names = "width = 16, depth = 2, learning_rate = 0.01, kl_warmup = 3.0"
    assert f"another --network and --epochs: {names}. " in stderr and "type it: --width 16." in stderr
    code, stdout, stderr = call("train", *typed, "--quiet")
    assert (code, stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["--resume", "run"], 2, "Got --dry-run"),
        (["--data", "nowhere"], 1, "nowhere"),
        (["--data", "fashion-mnist-mini", "--depth", "5"], 2, "--depth must be left out or 2"),
        (["--out", "run"], 2, "--out must be left out with --dry-run"),
        (["--max-time", "1h"], 2, "--max-time must be left out with --dry-run"),
        (["--tensorboard"], 2, "--tensorboard must be left out with --dry-run"),
        (["--checkpoint-every", "5"], 2, "--checkpoint-every must be left out with --dry-run"),
    ],
)
def test_refusals(call, here, arguments, exit_code, says):
    """Options that a run would refuse are refused."""
    code, stdout, stderr = call("train", *arguments, "--dry-run")
    assert (code, stdout) == (exit_code, "") and "Traceback" not in stderr
    assert says in re.sub(r"[\s│]+", " ", stderr)
    assert list(here.iterdir()) == []
