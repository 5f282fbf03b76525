"""`vaecli runs`, through the program's own `main`."""

import json
import pathlib
import shlex
import shutil

import pytest

from vaecli.commands import command
from vaecli.config import write_config
from vaecli.metrics.saved import file
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import read_file
from vaecli.options import TrainOptions
from vaecli.runs.history import COLUMNS, write_metrics
from vaecli.runs.layout import Run

A, B = (str(pathlib.Path("runs", name)) for name in "ab")


@pytest.fixture
def make_run(here, model_folder):
    """Makes a run with two epochs and, unless told otherwise, a model; returns it."""

    def make_run(name, started="2026-11-26T10:00:00+00:00", has_model=True, **options):
        run = Run(here / name)
        run.path.mkdir(parents=True)
        write_config(run.config, TrainOptions(data="fashion-mnist-mini", latent_dim=2, **options))
        run.provenance.write_text(json.dumps({"started": started}), encoding="utf-8")
        losses = (float("nan"), 251.5, 252.25)
        rows = [
            dict.fromkeys(COLUMNS, 1.0) | {"epoch": epoch, "val_loss": loss}
            for epoch, loss in enumerate(losses, 1)
        ]
        write_metrics(run.metrics, rows)
        if has_model:
            shutil.copytree(model_folder, run.model)
        return run

    return make_run


@pytest.fixture
def evaluate(make_saved, model_folder):
    """Writes an evaluation of the model of a run into it."""
    digest = read_file(model_folder / "decoder.onnx").metadata[KEY_DIGEST]

    def evaluate(run, name="evaluation.npz", **changes):
        changes = {"model__decoder_sha256": digest, "model__settings": {"decoder": "float32"}} | changes
        return file.write(run.path / name, make_saved(5, **changes))

    return evaluate


def test_runs_are_listed_newest_first(call, make_run, evaluate):
    """With network, likelihood, D, seed, epochs, the smallest validation loss, and evaluations."""
    evaluate(make_run("runs/a", seed=3))
    make_run("runs/b", "2026-11-26T11:00:00+00:00", network="conv", epochs=7)
    code, stdout, stderr = call("runs")
    assert code == 0
    lines = [line.split() for line in stdout.splitlines()]
    assert lines[0][:5] == ["run", "network", "likelihood", "D", "seed"]
    assert lines[1] == [B, "conv", "bernoulli", "2", "0", "3/7", "251.50"]
    assert lines[2] == [A, "classic", "bernoulli", "2", "3", "3/30", "251.50"]
    assert lines[4:] == [
        ["evaluation", "of", "images", "figures"],
        [A, "test", "of", "toys", "elbo", lines[5][-1]],
    ]
    assert float(lines[5][-1]) == pytest.approx(-250, abs=2)
    assert stderr == f"Next: {command('eval', '-m', B, '--save', pathlib.Path(B, 'evaluation.npz'))}\n"


def test_losses_under_a_mixture_are_told_apart(call, make_run):
    """They do not compare with those under N(0, I), which a run has that was stopped before the mixture."""
    make_run("runs/a", epochs=9, mixture_epochs=8)
    make_run("runs/b", epochs=9, mixture_epochs=6)
    _, stdout, _ = call("runs")
    lines = {line.split()[0]: line for line in stdout.splitlines()}
    assert "bernoulli, mixture" in lines[A] and "mixture" not in lines[B]


def test_losses_of_different_measures_are_told_apart(call, make_run, evaluate, check_schema):
    """Binary pixels, labels and another beta stand beside the likelihood, and in the JSON."""
    make_run("runs/a", binarize=True)
    evaluate(make_run("runs/b", conditional=True, beta=4.0), conditions__labelled=True)
    _, stdout, _ = call("runs")
    runs, evaluations = stdout.split("\n\n")
    rows = {line.split()[0]: " ".join(line.split()) for line in runs.splitlines()}
    assert rows[A].startswith(f"{A} classic bernoulli, binary 2")
    assert rows[B].startswith(f"{B} classic bernoulli, labels, beta 4 2")
    assert "test of toys with labels" in " ".join(evaluations.split())
    document = json.loads(call("runs", "--json")[1])
    check_schema("runs", document)
    runs = {pathlib.Path(run["path"]).name: run for run in document["runs"]}
    measures = {name: [run[key] for key in ("binarize", "conditional", "beta")] for name, run in runs.items()}
    assert measures == {"a": [True, False, 1], "b": [False, True, 4]}
    assert runs["b"]["evaluations"][0]["labelled"] is True


def test_json_fits_its_schema(call, make_run, evaluate, check_schema):
    """Also with runs and evaluations that are damaged."""
    evaluate(make_run("runs/a"), quality=None)
    path = evaluate(make_run("runs/b"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    make_run("runs/c", has_model=False)
    make_run("runs/d").config.write_text("epochs = 'many'\n")
    code, stdout, stderr = call("runs", "--json")
    assert (code, stderr) == (0, "")
    document = json.loads(stdout, parse_constant=pytest.fail)
    check_schema("runs", document)
    runs = {pathlib.Path(run["path"]).name: run for run in document["runs"]}
    assert [runs[name]["state"] for name in "abcd"] == ["model", "model", "no model", "damaged"]
    assert runs["a"]["evaluations"][0]["values"]["elbo"] == pytest.approx(-250, abs=2)
    assert runs["a"]["evaluations"][0]["current"]
    assert "is damaged" in runs["b"]["evaluations"][0]["reason"]
    assert "epochs" in runs["d"]["reason"]


def test_the_quality_of_samples_is_listed(call, make_run, evaluate, quality):
    """Beside the nats: Fréchet distances of samples, of reconstructions and of real images, and copies."""
    evaluate(make_run("runs/a"), quality=quality)
    _, stdout, _ = call("runs")
    words = " ".join(stdout.split())
    features = "by classifier of fashion-mnist (ffffffffffff...)"
    for part in ("Fréchet 7.5,", "of reconstructions 6,", "floor 0.25,", f"copies 0.9 {features}"):
        assert part in words
    (run,) = json.loads(call("runs", "--json")[1])["runs"]
    assert run["evaluations"][0]["features"] == "classifier of fashion-mnist"
    assert run["evaluations"][0]["features_sha256"] == "f" * 64


def test_an_evaluation_of_an_earlier_model_is_marked(call, make_run, evaluate):
    """And the command to make it again replaces it."""
    evaluate(make_run("runs/a"), model__decoder_sha256="0" * 64)
    _, stdout, stderr = call("runs")
    assert "of an earlier" in " ".join(stdout.split())
    assert (
        stderr
        == f"Next: {command('eval', '-m', A, '--save', pathlib.Path(A, 'evaluation.npz'), '--force')}\n"
    )


def test_the_next_command_compares_what_can_be_compared(call, make_run, evaluate):
    """It runs as it is printed."""
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        evaluate(make_run(f"runs/{name}"), conditions__seed=seed)
    _, _, stderr = call("runs")
    words = shlex.split(stderr)
    assert words[:3] == ["Next:", "vaecli", "compare"]
    assert sorted(words[3:]) == [str(pathlib.Path(name, "evaluation.npz")) for name in (A, B)]
    assert call(*words[2:])[0] == 0


@pytest.mark.parametrize("make", [False, True], ids=["missing", "empty"])
def test_no_runs(call, here, make):
    """An empty list, and the command that makes a run."""
    if make:
        (here / "runs").mkdir()
    code, stdout, stderr = call("runs")
    assert (code, stdout) == (0, "")
    assert stderr.startswith("There are no runs in runs/.\nNext: vaecli train")
    assert json.loads(call("runs", "--json")[1])["runs"] == []


def test_a_folder_of_other_things_has_no_runs(call, here):
    """Folders without a configuration, and files, are not runs."""
    (here / "x" / "pictures").mkdir(parents=True)
    (here / "x" / "notes.txt").write_text("text")
    code, stdout, stderr = call("runs", "x", "--quiet")
    assert (code, stdout, stderr) == (0, "", "There are no runs in x/.\n")


def test_a_named_folder_must_exist(call, here):
    """A missing one, and a file in its place."""
    (here / "file").touch()
    for name in ("missing", "file"):
        code, stdout, stderr = call("runs", name)
        assert (code, stdout) == (1, "")
        assert f"Cannot list the runs in {name}: " in stderr
