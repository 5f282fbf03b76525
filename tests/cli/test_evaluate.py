"""`vaecli eval`, through the program's own `main`: the table, JSON, refusals."""

import json
import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.latent.draws import rows
from vaecli.metrics.saved.file import read
from vaecli.metrics.table import METRICS
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import read_file
from vaecli.probability.gaussian import log_normal


@pytest.fixture
def evaluate(call, model_folder):
    """`vaecli eval -m MODEL ...` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: call("eval", "-m", model_folder, "--quiet", *arguments)


@pytest.fixture
def document(evaluate):
    """The JSON object that `vaecli eval --json ...` prints."""

    def document(*arguments):
        code, stdout, stderr = evaluate("--json", *arguments)
        assert (code, stderr) == (0, "")
        return json.loads(stdout)

    return document


@pytest.fixture
def folder(here):
    """A folder with 40 test images and no training images."""
    (here / "mine").mkdir()
    images = load_mini("test").images[:40, :, :, 0]
    (here / "mine" / "t10k-images-idx3-ubyte").write_bytes(encode_idx(images))
    return here / "mine"


def test_the_table_names_value_error_and_meaning(evaluate):
    """One row for each metric, then the number of images and the duration; 80 columns."""
    code, stdout, stderr = evaluate("--metrics", "elbo,ssim")
    assert (code, stderr) == (0, "")
    header, *lines = stdout.splitlines()
    assert header.split() == ["metric", "value", "±", "s.e.", "unit", "meaning"]
    rows = {line.split()[0]: line.split()[1:] for line in lines if not line.startswith(" ")}
    assert list(rows) == ["elbo", "ssim", "n_images", "seconds", "images_per_second", "prior"]
    assert rows["prior"] == ["normal", "of", "elbo"]
    assert float(rows["elbo"][0]) == pytest.approx(-274.02, abs=0.1)
    assert float(rows["elbo"][1]) == pytest.approx(2.7, abs=0.1)
    assert rows["n_images"] == ["1,000"]
    assert all(len(rows[name][0].partition(".")[2]) == 1 for name in ("seconds", "images_per_second"))
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80
    code, stdout, _ = evaluate("--metrics", "ssim")
    assert code == 0 and "prior" not in stdout


def test_every_meaning_is_printed_in_full(evaluate):
    """A long one takes several lines; none is cut."""
    code, stdout, _ = evaluate("--importance-samples", "2", "--data", "fashion-mnist-mini")
    assert code == 0
    start = stdout.splitlines()[0].index("meaning")
    text = " ".join(line[start:].strip() for line in stdout.splitlines())
    printed = [name for name in METRICS if f"\n{name} " in stdout]
    assert {"elbo", "nll", "mse", "active_units"} <= set(printed)
    for name in printed:
        assert " ".join(METRICS[name].line.split()) in " ".join(text.split())


def test_json_has_the_same_figures(document):
    """Each mean with its standard error; the ELBO is minus reconstruction and KL."""
    values = document("--metrics", "elbo,reconstruction,kl")
    assert values["elbo"] == pytest.approx(-values["reconstruction"] - values["kl"], rel=1e-9)
    assert values["elbo_se"] > 0 and values["n_images"] == 1000


def test_the_seed_decides(document):
    """The same seed gives the same figures, another one others."""
    first, again, other = (document("--metrics", "elbo", "--seed", seed)["elbo"] for seed in (1, 1, 2))
    assert first == again != other


def test_the_split(document):
    """`--split` measures the test images, those held out for validation, or those trained on."""
    for part, count in {"test": 1000, "validation": 288, "train": 5712}.items():
        values = document("--metrics", "mse", "--split", part)
        assert (values["n_images"], values["split"]) == (count, part)


@pytest.fixture
def run(here, small_folder):
    """A run on a folder without test images, in the current folder."""
    images = load_mini("train").images[:][..., 0].astype(int)
    halved = (images.reshape(-1, 14, 2, 14, 2).sum(axis=(2, 4)) // 4)[:, :, :13].astype(np.uint8)
    (here / "halved").mkdir()
    (here / "halved" / "train-images-idx3-ubyte").write_bytes(encode_idx(halved))
    shutil.copytree(small_folder, here / "runs" / "a-1" / "model")
    (here / "runs" / "a-1" / "provenance.json").write_text('{"started": "2026"}', encoding="utf-8")
    config = f"data = {str(here / 'halved')!r}\nvalidation_split = 0.05\nseed = 0\n"
    (here / "runs" / "a-1" / "config.toml").write_text(config, encoding="utf-8")
    return here / "runs" / "a-1"


def test_without_test_images(call, run):
    """The newest run's validation images are measured, and a note says so; --split test is an error."""
    code, stdout, stderr = call("eval", "--metrics", "mse", "--json")
    assert code == 0 and json.loads(stdout)["split"] == "validation"
    assert " ".join(stderr.split()) == "halved has no test part: these are its 278 validation images."
    assert call("eval", "--metrics", "mse", "--quiet")[2] == ""
    code, stdout, stderr = call("eval", "--split", "test")
    assert (code, stdout) == (1, "") and "test set" in stderr


def test_the_images_of_a_run_are_gone(call, run, here):
    """The command that the error proposes works."""
    (here / "halved").rename(here / "moved")
    code, stdout, stderr = call("eval")
    assert (code, stdout) == (1, "") and stderr.count("\n") == 1 and "--data PATH" in stderr
    assert call("eval", "--data", "moved", "--metrics", "mse")[0] == 0


def test_a_folder(document, evaluate, folder):
    """`--data FOLDER` measures that folder; a split that it lacks is an error."""
    assert document("--metrics", "mse", "--data", folder)["n_images"] == 40
    code, stdout, stderr = evaluate("--data", folder, "--split", "train")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: ") and stderr.count("\n") == 1


def test_metrics_without_importance_samples(document):
    """`all` leaves nll out if there are none; `nll` by name is refused."""
    assert "nll" not in document()
    assert document("--importance-samples", "3", "--metrics", "nll")["nll"] > 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--metrics", "elbow"], "elbo"),
        (["--metrics", ""], "--metrics"),
        (["--metrics", ","], "--metrics"),
        (["--metrics", "nll"], "--importance-samples"),
        (["--importance-samples", "-1"], "--importance-samples"),
        (["--seed", "-1"], "--seed"),
        (["--split", "val"], "--split"),
        (["--precision", "int4"], "--precision"),
        (["extra"], "extra"),
    ],
    ids=" ".join,
)
def test_usage_errors(evaluate, here, arguments, says):
    """Exit code 2, the option named, nothing on stdout."""
    code, stdout, stderr = evaluate(*arguments)
    assert (code, stdout) == (2, "")
    assert "Usage: " in stderr and says in stderr
    assert list(here.iterdir()) == []


def test_images_of_another_shape(evaluate, here):
    """Both shapes are named."""
    (here / "other").mkdir()
    pixels = np.zeros((8, 10, 12), np.uint8)
    (here / "other" / "t10k-images-idx3-ubyte").write_bytes(encode_idx(pixels))
    code, stdout, stderr = evaluate("--data", here / "other")
    assert (code, stdout) == (1, "")
    assert "(28, 28, 1)" in stderr and "(10, 12, 1)" in stderr


def test_a_decoder_alone(call, here, model_folder):
    """The error names the missing encoder."""
    (here / "decoder.onnx").write_bytes((model_folder / "decoder.onnx").read_bytes())
    code, stdout, stderr = call("eval", "-m", "decoder.onnx")
    assert (code, stdout) == (1, "")
    assert "encoder.onnx" in stderr and stderr.count("\n") == 1


def test_the_prior_of_the_bounds(call, mixed_folder, mixed_model, check_schema):
    """A mixture changes ELBO and KL by the same nats, and nothing else; `--prior normal` leaves it out."""
    values = {}
    for prior in (None, "mixture", "normal"):
        words = [] if prior is None else ["--prior", prior]
        code, stdout, _ = call("eval", "-m", mixed_folder, "--json", "--importance-samples", 3, *words)
        assert code == 0
        check_schema("eval", json.loads(stdout))
        values[prior] = json.loads(stdout)
    own, mixture, normal = (values[prior] for prior in (None, "mixture", "normal"))
    assert (own["prior"], normal["prior"]) == ("mixture", "normal")
    assert own["elbo"] == mixture["elbo"] and own["nll"] == mixture["nll"]
    assert own["elbo"] - normal["elbo"] == pytest.approx(normal["kl"] - own["kl"])
    assert own["elbo"] > normal["elbo"] + 1 and own["nll"] < normal["nll"]
    for name in ("reconstruction", "kl_normal", "mse"):
        assert own[name] == normal[name]
    assert normal["kl"] == normal["kl_normal"]
    posterior = mixed_model.encode(load_mini("test").images)
    noise = rows(0, 1000, 2, seed=0).normals.astype(np.float64)
    z_mean, z_log_var = (part.astype(np.float64) for part in posterior)
    z = (z_mean + np.exp(z_log_var / 2) * noise).astype(np.float32)
    ratio = log_normal(z, z_mean, z_log_var, np).sum(axis=1) - mixed_model.prior.log_prob(z)
    assert own["kl"] == pytest.approx(ratio.mean(), abs=1e-3)  # by the same words as ever


def test_kl_alone_under_a_mixture(call, mixed_folder):
    """The KL is computed without being asked for anything that is decoded."""
    code, stdout, _ = call("eval", "-m", mixed_folder, "--json", "--metrics", "kl")
    assert code == 0 and 0 < json.loads(stdout)["kl"] < 20


def test_a_prior_that_the_model_does_not_have(evaluate):
    """Refused before any image is read."""
    code, stdout, stderr = evaluate("--prior", "mixture")
    assert (code, stdout) == (1, "") and "has no mixture of all images" in stderr


def test_save_keeps_the_value_of_each_image(document, here, model_folder):
    """The means of the arrays are the printed values; the file knows model, data and seed."""
    values = document(
        "--save", "a.npz", "--seed", "3", "--importance-samples", "2", "--data", "fashion-mnist-mini"
    )
    saved = read(here / "a.npz")
    assert saved.values == {name: values[name] for name in saved.values}
    assert saved.kl_dim == pytest.approx([values["kl_dim_0"], values["kl_dim_1"]])
    assert (saved.conditions.seed, saved.conditions.importance_samples, saved.conditions.prior) == (
        3,
        2,
        "normal",
    )
    assert saved.conditions.data_sha256 == load_mini("test").sha256
    assert saved.model.decoder_sha256 == read_file(model_folder / "decoder.onnx").metadata[KEY_DIGEST]
    assert str(here) not in (here / "a.npz").read_bytes().decode("latin-1")


@pytest.mark.parametrize(("name", "code"), [("a.json", 2), ("a", 2), (".npz", 2), ("missing/a.npz", 1)])
def test_a_name_that_cannot_be_saved_to_is_refused_at_once(evaluate, here, name, code):
    """Before the model is opened and the images are measured; nothing is written."""
    status, stdout, stderr = evaluate("--save", name)
    assert (status, stdout) == (code, "")
    assert "--save must end in .npz" in stderr if code == 2 else "missing" in stderr
    assert list(here.iterdir()) == []


def test_a_saved_evaluation_is_replaced_with_force_alone(evaluate, here):
    """Without --force the old one stays, byte for byte."""
    (here / "a.npz").write_bytes(b"old")
    code, stdout, stderr = evaluate("--save", "a.npz", "--metrics", "kl")
    assert (code, stdout) == (1, "") and "exists already" in stderr
    assert (here / "a.npz").read_bytes() == b"old"
    assert evaluate("--save", "a.npz", "--metrics", "kl", "--force")[0] == 0
    assert read(here / "a.npz").metrics == ("kl",)
