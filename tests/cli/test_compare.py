"""`vaecli compare`, through the program's own `main`, on evaluations that `vaecli eval` saved."""

import json
import re
import shutil

import pytest

from vaecli.metrics.saved import file


@pytest.fixture
def saved(call, here, model_folder):
    """Saves an evaluation of the committed model as NAME, with more options; returns the name."""

    def saved(name, *options):
        code, _, stderr = call(
            "eval", "-m", model_folder, "--metrics", "elbo,mse", "--quiet", "--save", name, *options
        )
        assert (code, stderr) == (0, "")
        return name

    return saved


@pytest.fixture
def two(here, model_folder, saved):
    """The names of two evaluations with the same noise; the second one is that of fewer epochs."""
    saved("a.npz")
    shutil.copy("a.npz", "b.npz")
    return ["a.npz", "b.npz"]


def test_the_two_verdicts_are_printed_apart(call, two):
    """The table, then files, then settings, in 80 columns."""
    code, stdout, stderr = call("compare", *two)
    assert code == 0
    header, first, second, *rest = stdout.splitlines()
    assert header.split() == ["evaluation", "side", "seed", "elbo", "mse"]
    assert first.split()[:3] == ["a.npz", "A", "0"] and second.split()[0] == "b.npz"
    text = "\n".join(rest)
    assert text.index("Do these files differ?") < text.index("Do these settings differ?")
    assert "no difference shown" in text and "All runs have the same settings." in text
    assert (
        "± is the standard error over images" in stderr and "of metrics of samples that of one seed" in stderr
    )
    assert "data: 1,000 test images of fashion-mnist-mini" in stderr


def test_figures_of_samples_fit_80_columns(call, here, make_saved, quality):
    """The table is divided; nothing is cut, and the features are named."""
    for name, seed in (("a.npz", 0), ("b.npz", 1)):
        file.write(here / name, make_saved(200, quality, model__seed=seed))
    code, stdout, stderr = call("compare", "a.npz", "b.npz")
    assert code == 0
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80
    for name in ("elbo", "frechet_reconstructions", "frechet_training", "copies", "6.000 ± 0.050"):
        assert name in stdout
    assert "copies: features: classifier of fashion-mnist (ffffffffffff...)" in stderr


def test_json_fits_its_schema(call, two, check_schema):
    """One object on one line; nothing else."""
    code, stdout, stderr = call("compare", *two, "--json")
    assert (code, stderr, stdout.count("\n")) == (0, "", 1)
    check_schema("compare", json.loads(stdout, parse_constant=pytest.fail))
    code, stdout, stderr = call("compare", two[0], "vs", two[1], "--metrics", "mse", "--json")
    assert json.loads(stdout)["files_differ"]["differences"][0]["interval"]["value"] == 0
    check_schema("compare", json.loads(stdout))


@pytest.mark.parametrize(
    ("name", "start"), [("csv", "kind,name"), ("markdown", "| evaluation"), ("latex", r"\begin{tabular}")]
)
def test_other_formats_on_stdout(call, two, name, start):
    """Alone there, so that a pipe can take it."""
    code, stdout, stderr = call("compare", *two, "--format", name)
    assert (code, stderr) == (0, "")
    assert stdout.startswith(start)


def test_a_file_beside_the_table(call, two, here):
    """`-o` writes; without --force it replaces nothing."""
    assert call("compare", *two, "-o", "t.tex", "--quiet")[0] == 0
    before = (here / "t.tex").read_bytes()
    code, stdout, stderr = call("compare", *two, "-o", "t.tex")
    assert (code, stdout) == (1, "") and "exists already" in stderr
    assert (here / "t.tex").read_bytes() == before
    assert call("compare", *two, "-o", "t.tex", "--force", "-q")[0] == 0


def test_another_noise_seed_is_refused(call, two, saved):
    """With the difference, and without a traceback or a table."""
    saved("c.npz", "--seed", "1")
    code, stdout, stderr = call("compare", "a.npz", "c.npz")
    assert (code, stdout, stderr.count("\n")) == (1, "", 1)
    assert "They differ in noise seed: 0 and 1. Evaluate both with the same options" in stderr


def test_another_data_set_is_refused(call, two, saved):
    """Training images in place of test images."""
    saved("c.npz", "--split", "validation")
    code, stdout, stderr = call("compare", "a.npz", "c.npz")
    assert (code, stdout) == (1, "")
    assert "data: 1,000 test images of fashion-mnist-mini" in stderr and "validation images" in stderr
    assert "Evaluate both on the same images" in stderr


@pytest.mark.parametrize(
    "words",
    [["a.npz"], ["a.npz", "b.npz", "--metrics", "elbow"], ["a.npz", "b.npz", "-o", "t.docx"]],
    ids=["one", "metric", "suffix"],
)
def test_usage_errors(call, two, words):
    """Exit code 2, and nothing on stdout."""
    code, stdout, _ = call("compare", *words)
    assert (code, stdout) == (2, "")


def test_a_damaged_file_is_an_error(call, two, here):
    """It is named."""
    (here / "b.npz").write_bytes((here / "b.npz").read_bytes()[:-1] + b"x")
    code, stdout, stderr = call("compare", *two)
    assert (code, stdout) == (1, "")
    assert "Error: The saved evaluation b.npz is damaged: its content does not match its SHA-256." in stderr


def test_hashes_of_training_data_are_short(call, saved, here):
    """Sides that differ in their training data show 12 digits of each hash, a line per setting."""
    saved("a.npz")
    options = ("--data", "fashion-mnist-mini", "--metrics", "elbo", "--quiet", "--save", "other.npz")
    assert call("eval", "-m", "fashion-mnist", *options)[0] == 0
    code, stdout, _ = call("compare", "a.npz", "other.npz", "--across-priors")
    assert code == 0
    lines = stdout.partition("Sides differ in\n")[2].splitlines()
    assert lines and all(re.match(r"[a-z_0-9]+: A .+, B .+", line) for line in lines)
    hashes = [line for line in lines if line.startswith("training_data_sha256: ")]
    assert all(
        re.fullmatch(r"\S+ A [0-9a-f]{12}\.\.\., B [0-9a-f]{12}\.\.\.", line.strip()) for line in hashes
    )
    assert hashes
