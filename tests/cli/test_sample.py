"""`vaecli sample`, through the program's own `main`: results, refusals, files left behind."""

import dataclasses
import json
import shlex
import types

import numpy as np
import PIL.Image
import pytest

from vaecli.errors import ModelError
from vaecli.pixels import to_uint8


@pytest.fixture
def sample(call, model_folder):
    """`vaecli sample -m MODEL ...` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: call("sample", "-m", model_folder, *arguments)


def picture(path):
    """Read the properties of a picture file, and close it."""
    with PIL.Image.open(path) as opened:
        return types.SimpleNamespace(
            format=opened.format, width=opened.width, n_frames=getattr(opened, "n_frames", 1)
        )


@pytest.mark.parametrize(
    ("out", "check"),
    [
        ("a.png", lambda path: picture(path).format == "PNG"),
        ("a.gif", lambda path: picture(path).n_frames == 5),
        ("a.npy", lambda path: np.load(path).shape == (5, 28, 28, 1)),
        ("a.npz", lambda path: np.load(path)["images"].shape == (5, 28, 28, 1)),
        ("a", lambda path: len(list(path.glob("00000?.png"))) == 5),
        ("b.c/", lambda path: len(list(path.glob("00000?.png"))) == 5),
    ],
)
def test_each_kind_of_target(sample, here, out, check):
    """The suffix decides about the form; stdout is the path alone, stderr the next command."""
    code, stdout, stderr = sample("-n", 5, "-o", out)
    assert code == 0
    assert stdout == out.rstrip("/") + "\n"
    assert stderr.startswith("Next: vaecli ")
    assert [path.name for path in here.iterdir()] == [out.rstrip("/")]
    assert check(here / out)


def test_shards(sample, here):
    """`--first 6 -n 4` gives the last four pictures of `-n 10`, equal in every byte, as arrays and as PNG files."""
    for arguments in (
        ("-n", 10, "-o", "all.npy"), ("-n", 6, "-o", "a.npy"), ("--first", 6, "-n", 4, "-o", "b.npy"),
        ("-n", 10, "-o", "all"), ("--first", 6, "-n", 4, "-o", "b"),
    ):  # fmt: skip
        assert sample(*arguments, "--seed", 3)[0] == 0
    parts = [np.load("a.npy"), np.load("b.npy")]
    np.testing.assert_array_equal(np.concatenate(parts), np.load("all.npy"))
    for path in (here / "b").iterdir():
        assert path.read_bytes() == (here / "all" / path.name).read_bytes()
    assert len(list((here / "b").iterdir())) == 4


def test_the_seed_decides(sample, here):
    """The same seed gives the same file, another seed another file."""
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        sample("--seed", seed, "-o", name)
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    assert (here / "a.png").read_bytes() != (here / "c.png").read_bytes()


def test_the_newest_run(call, here, model_folder):
    """Without --model the newest run is used."""
    (here / "runs" / "a-1" / "model").mkdir(parents=True)
    decoder = (model_folder / "decoder.onnx").read_bytes()
    (here / "runs" / "a-1" / "model" / "decoder.onnx").write_bytes(decoder)
    (here / "runs" / "a-1" / "provenance.json").write_text('{"started": "2026"}')
    assert call("sample", "-n", 1)[:2] == (0, "samples.png\n")
    assert call("sample", "-n", 1)[:2] == (0, "samples-2.png\n")


def test_show_draws_on_stderr(sample):
    """`--show` draws half blocks on stderr; stdout is the path alone."""
    code, stdout, stderr = sample("-n", 2, "-o", "a.npy", "--show")
    assert (code, stdout) == (0, "a.npy\n")
    assert "▀" in stderr


def test_a_target_that_exists(sample, here, contents):
    """An existing file or a folder with files is refused and left unchanged; `--force` overwrites it."""
    (here / "a.npy").write_bytes(b"mine")
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_bytes(b"mine")
    before = contents(here)
    for out in ("a.npy", "full", "full/"):
        code, stdout, stderr = sample("-o", out)
        assert (code, stdout) == (1, "")
        assert stderr.startswith("Error: ")
        assert "--force" in stderr
        assert stderr.count("\n") == 1
        assert contents(here) == before
    assert sample("-n", 1, "-o", "a.npy", "--force")[0] == 0
    assert np.load("a.npy").shape == (1, 28, 28, 1)
    assert sample("-n", 1, "-o", "full", "--force")[0] == 0
    assert (here / "full" / "mine.txt").read_bytes() == b"mine"


def test_an_empty_folder_is_free(sample, here):
    """An empty folder that the user has made is filled."""
    (here / "new").mkdir()
    assert sample("-n", 2, "-o", "new")[0] == 0
    assert len(list((here / "new").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-n", "0"], "-n"),
        (["-n", "-1"], "-n"),
        (["-n", "1.5"], "-n"),
        (["-n", "many"], "-n"),
        (["--temperature", "-0.5"], "--temperature"),
        (["--temperature", "nan"], "--temperature"),
        (["--temperature", "inf"], "--temperature"),
        (["--temperature", "-inf"], "--temperature"),
        (["--temperature", "hot"], "--temperature"),
        (["--first", "-1"], "--first"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**64)], "--seed"),
        (["--dtype", "int8"], "--dtype"),
        (["-o", "a.jpg"], ".jpg"),
        (["-o", "a.tar.gz"], ".gz"),
        (["-n", str(10**16), "-o", "a.png"], "-n"),
        (["-n", "5000", "-o", "a.gif"], "-n"),
        (["extra"], "extra"),
        (["--nosuch"], "--nosuch"),
    ],
    ids=" ".join,
)
def test_usage_errors(sample, here, arguments, says):
    """Exit code 2, the option named in typer's own form, nothing on stdout, no file."""
    code, stdout, stderr = sample(*arguments)
    assert (code, stdout) == (2, "")
    assert "Usage: " in stderr
    assert "Error" in stderr
    assert says in stderr
    assert "Traceback" not in stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("missing/a.png", "mkdir -p missing"),
        ("missing/a/", "missing"),
        ("file/a.png", "file"),
        ("file/", "file"),
        ("file", "file"),
        ("a" * 300 + ".png", "too long"),
        ("/proc/vaecli.png", "/proc/vaecli.png"),
    ],
)
def test_places_that_cannot_be_written(sample, here, contents, out, says):
    """Exit code 1, one line, no file; also for root, whom no permission stops."""
    if out.startswith("/proc") and not (here.anchor == "/" and (here / "/proc/self").exists()):
        pytest.skip("needs /proc")
    (here / "file").write_bytes(b"mine")
    before = contents(here)
    code, stdout, stderr = sample("-o", out)
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: ")
    assert says in stderr
    assert stderr.count("\n") == 1
    assert contents(here) == before


@pytest.mark.parametrize(
    "name", ["missing", "empty", "text.onnx", "half", "encoder.onnx", "[bold]x[/bold]", "a\nb"]
)
def test_a_path_without_a_model(call, here, contents, model_folder, name):
    """A missing path, an empty folder, a text file, an encoder alone, odd names: one line that names the path."""
    for folder in ("empty", "half"):
        (here / folder).mkdir()
    (here / "text.onnx").write_text("no model\n" * 100)
    for path in (here / "half" / "encoder.onnx", here / "encoder.onnx"):
        path.write_bytes((model_folder / "encoder.onnx").read_bytes())
    before = contents(here)
    code, stdout, stderr = call("sample", "-m", name, "-o", "a.png")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: ")
    assert name.replace("\n", " ") in stderr
    assert stderr.count("\n") == 1
    assert contents(here) == before


def test_an_error_of_onnxruntime_is_one_line(capsys, model_folder):
    """A message of onnxruntime of many lines becomes one."""
    from vaecli.cli.console import say_error
    from vaecli.modelfile.read import read_file
    from vaecli.runtime.session import Session

    file = read_file(model_folder / "decoder.onnx")
    with pytest.raises(ModelError, match="onnxruntime") as caught:
        Session(dataclasses.replace(file, content=b"\x12\x01g"))
    say_error(str(caught.value))
    stderr = capsys.readouterr().err
    assert stderr.startswith("Error: onnxruntime ")
    assert stderr.count("\n") == 1


def test_odd_names_are_printed_in_one_piece(sample, here):
    """Brackets are no markup, and a long path with spaces is printed in one piece on one line."""
    name = "a [red]b[bold] " + "c" * 150 + ".npy"
    assert sample("-n", 1, "-o", name)[:2] == (0, name + "\n")
    assert (here / name).exists()


def test_the_next_command_works(sample, call):
    """The printed command works: it names the same model."""
    _, _, stderr = sample("-n", 1)
    _, _, command = stderr.strip().partition("Next: vaecli ")
    assert call(*command.split())[0] == 0


@pytest.mark.parametrize("out", ["a.png", "a.gif", "a/"])
def test_scales(sample, here, out):
    """Crisp and smooth pictures have the same size and other pixels; one that is too large is refused."""
    sizes, pixels = [], []
    for options in ((), ("--smooth",)):
        assert sample("-n", 4, "--scale", 5, *options, "-o", out, "--force")[0] == 0
        with PIL.Image.open(here / out / "000001.png" if out == "a/" else here / out) as opened:
            sizes.append(opened.size)
            pixels.append(np.asarray(opened.convert("L")))
    assert sizes[0] == sizes[1] and not np.array_equal(*pixels)
    if out != "a.png":
        assert sizes[0] == (140, 140)
    code, stdout, stderr = sample("-n", 1000, "--scale", 400, "-o", "b" + out)
    assert (code, stdout) == (2, "") and "--scale must be at most" in " ".join(stderr.split())


def test_arrays_are_not_enlarged(sample, here):
    """They hold the images as they are: a usage error, and no file."""
    for options in (("--scale", 2), ("--smooth",)):
        code, _, stderr = sample("-n", 2, *options, "-o", "a.npy")
        assert code == 2 and f"{options[0]} must be left out for an array" in " ".join(stderr.split())
    assert list(here.iterdir()) == []


def labelled(call, folder, *arguments):
    """`vaecli sample` with a model that has mixtures of classes: (exit code, stdout, stderr in one line)."""
    code, stdout, stderr = call("sample", "-m", folder, *arguments)
    return code, stdout, " ".join(stderr.replace("│", " ").split())


def test_rows_of_classes(call, here, mixed_folder, mixed_model):
    """Several labels have a row each, of `-n` pictures; picture j of each has index j of the series."""
    words = ("--label", "boot", "--label", "Bag", "-n", 3, "--first", 5)
    assert labelled(call, mixed_folder, *words, "-o", "a.npy")[0] == 0
    pictures = np.load(here / "a.npy")
    assert pictures.shape == (6, 28, 28, 1)
    for row, name in ((0, "Ankle boot"), (3, "Bag")):
        expected = to_uint8(mixed_model.sample(3, first=5, label=name))
        np.testing.assert_array_equal(pictures[row : row + 3], expected)
    assert labelled(call, mixed_folder, *words, "-o", "a.png", "--scale", 1)[0] == 0
    with PIL.Image.open(here / "a.png") as sheet:
        assert sheet.width > sheet.height  # three pictures in a row, two rows


def test_all_classes(call, here, mixed_folder):
    """`all` gives a row for each class that has a mixture, and names the one that has none."""
    code, _, stderr = labelled(call, mixed_folder, "--label", "all", "-n", 2, "-o", "a.npy")
    assert code == 0 and "Without 'Coat': too few training images" in stderr
    assert len(np.load(here / "a.npy")) == 2 * 9
    assert labelled(call, mixed_folder, "--label", "all", "-o", "b.npy", "-q") == (0, "b.npy\n", "")
    assert len(np.load(here / "b.npy")) == 8 * 9


def test_the_recipe_of_a_label_makes_the_picture_again(call, here, mixed_folder):
    """`info` prints the command; for one PNG of a folder that of its own class and index."""
    assert labelled(call, mixed_folder, "--label", "boot", "--label", "bag", "-n", 3, "-o", "a.png")[0] == 0
    for name, again in (
        ("a.png", ["--label", "Ankle boot", "--label", "Bag"]),
        ("one/000004.png", ["--label", "Bag"]),
    ):
        if name != "a.png":
            assert (
                labelled(call, mixed_folder, "--label", "boot", "--label", "bag", "-n", 3, "-o", "one")[0]
                == 0
            )
        recipe = json.loads(call("info", name, "--json")[1])
        assert [word for label in recipe["recipe"]["labels"] for word in ("--label", label)] == again
        words = shlex.split(recipe["command"])
        assert words[:4] == ["vaecli", "sample", "-m", "MODEL"]
        target = "again.png" if name == "a.png" else "again"
        assert call("sample", "-m", mixed_folder, *words[4:-1], target)[0] == 0
    assert (here / "again.png").read_bytes() == (here / "a.png").read_bytes()
    assert (here / "again" / "000001.png").read_bytes() == (here / "one" / "000004.png").read_bytes()


def test_the_prior_of_a_recipe(call, here, mixed_folder):
    """The command names the prior, so that it makes the same picture where the model's own has changed."""
    for prior in ("normal", "mixture"):
        assert labelled(call, mixed_folder, "--prior", prior, "-n", 4, "-o", f"{prior}.png")[0] == 0
        facts = json.loads(call("info", f"{prior}.png", "--json")[1])
        assert facts["recipe"]["prior"] == prior and f"--prior {prior}" in facts["command"]
    assert labelled(call, mixed_folder, "-n", 4, "-o", "own.png")[0] == 0
    assert (here / "own.png").read_bytes() == (here / "mixture.png").read_bytes()
    assert (here / "normal.png").read_bytes() != (here / "mixture.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "expected", "says"),
    [
        (["--label", "s"], 2, "'T-shirt/top', 'Trouser', 'Dress', 'Sandal', 'Shirt', 'Sneaker'"),
        (["--label", "hat"], 2, "--label must name a class, got 'hat'. The classes: 'T-shirt/top'"),
        (["--label", ""], 2, "--label must name a class, got ''"),
        (["--label", "coat"], 1, "no mixture of the class 'Coat', which had fewer than 10 training images"),
        (["--label", "bag", "--prior", "normal"], 2, "--prior must be mixture with --label, got normal"),
        (["--prior", "flow"], 2, "'flow' is not one of 'normal', 'mixture'"),
        (["--label", "bag"] * 101, 2, "--label must name at most 100 classes, got 101. Name some of them"),
    ],
)
def test_labels_and_priors_that_there_are_not(call, here, mixed_folder, words, expected, says):
    """The exit code tells a wrong word from a model without it, and nothing is written."""
    code, stdout, stderr = labelled(call, mixed_folder, *words, "-o", "a.png")
    assert (code, stdout) == (expected, "") and says in stderr
    assert not list(here.iterdir())


def test_labels_of_a_model_without_mixtures(sample, here):
    """An older model, or one of few images, says how to get them."""
    for words, says in (
        (["--label", "bag"], "mixtures of classes"),
        (["--label", "all"], "mixtures of classes"),
    ):
        code, _, stderr = sample(*words)
        assert code == 1 and says in stderr and "vaecli prior -m RUN" in stderr
    assert sample("--prior", "mixture")[0] == 1
    assert not list(here.iterdir())


def test_pictures_of_classes_in_the_terminal(call, mixed_folder):
    """`--show` draws some pictures of each class."""
    code, _, stderr = labelled(call, mixed_folder, "--label", "all", "-n", 1, "-o", "a.npy", "--show")
    assert code == 0 and "▀" in stderr
