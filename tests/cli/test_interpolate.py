"""`vaecli interpolate`, through the program's own `main`: results, notes and refusals."""

import types

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest


@pytest.fixture
def interpolate(call, model_folder):
    """`vaecli interpolate -m MODEL ...` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: call("interpolate", "-m", model_folder, *arguments)


@pytest.fixture
def pictures(here):
    """A folder with a dark shirt on white, and three files that cannot be decoded."""
    photo = PIL.Image.new("RGB", (300, 240), "white")
    PIL.ImageDraw.Draw(photo).rectangle((110, 40, 190, 220), "#202020")
    photo.save(here / "shirt.png")
    (here / "text.png").write_text("This is no picture.")
    (here / "short.png").write_bytes((here / "shirt.png").read_bytes()[:120])
    (here / "empty.png").touch()
    return here


def picture(path):
    """Read the properties of a picture file, and close it."""
    with PIL.Image.open(path) as opened:
        return types.SimpleNamespace(
            format=opened.format, width=opened.width, n_frames=getattr(opened, "n_frames", 1)
        )


@pytest.mark.parametrize(
    ("out", "check"),
    [
        ("a.png", lambda path: picture(path).width > 4 * 28),
        ("a.gif", lambda path: picture(path).n_frames == 6),
        ("a.npy", lambda path: np.load(path).shape == (4, 28, 28, 1)),
        ("a.npz", lambda path: np.load(path)["images"].shape == (4, 28, 28, 1)),
        ("a/", lambda path: len(list(path.iterdir())) == 4),
    ],
)
def test_each_kind_of_target(interpolate, here, out, check):
    """The suffix decides about the form; stdout is the path alone, stderr has notes on the pictures and the way."""
    code, stdout, stderr = interpolate("test:0", "test:1", "--steps", 4, "-o", out)
    assert (code, stdout) == (0, out.rstrip("/") + "\n")
    assert [line.split(": ")[0] for line in stderr.splitlines()] == ["test:0", "test:1", "linear path"]
    assert [path.name for path in here.iterdir()] == [out.rstrip("/")]
    assert check(here / out)


def test_a_note_says_how_a_picture_was_prepared(interpolate, pictures):
    """A dark object on white is negated, and a note says so; --quiet prints no note."""
    code, _, stderr = interpolate("shirt.png", "test:1", "-o", "a.png")
    assert code == 0
    assert "shirt.png: " in stderr
    assert "negated" in stderr
    assert interpolate("shirt.png", "test:1", "-o", "b.png", "--quiet") == (0, "b.png\n", "")


def test_paths_differ(interpolate, here):
    """`--path spherical` gives other pictures between the same ends."""
    for path in ("linear", "spherical"):
        assert interpolate("test:0", "test:1", "--path", path, "-o", f"{path}.npy")[0] == 0
    linear, spherical = np.load("linear.npy"), np.load("spherical.npy")
    np.testing.assert_array_equal(linear[[0, -1]], spherical[[0, -1]])
    assert not np.array_equal(linear, spherical)


def test_show_draws_on_stderr(interpolate):
    """`--show` draws half blocks on stderr; stdout is the path alone."""
    code, stdout, stderr = interpolate("test:0", "test:1", "-o", "a.npy", "--show")
    assert (code, stdout) == (0, "a.npy\n")
    assert "▀" in stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "pictures"),
        (["test:0"], "two pictures"),
        (["test:0", "test:1", "--steps", "1"], "--steps"),
        (["test:0", "test:1", "--steps", "0"], "--steps"),
        (["test:0", "test:1", "--steps", "1000000000"], "--steps"),
        (["test:0", "test:1", "--steps", "2000", "-o", "a.gif"], "--steps"),
        (["test:0", "test:1", "--path", "curved"], "--path"),
        (["test:0", "test:1", "-o", "a.bmp"], ".bmp"),
        (["test:0"] * 21, "20 pictures"),
        (["test:0", "test:1", "--grid"], "four with --grid"),
        (["test:0"] * 4 + ["--grid", "--path", "even"], "--path"),
        (["test:0"] * 4 + ["--grid", "-o", "a.gif"], "--out"),
        (["test:0", "test:1", "--scale", "0"], "--scale"),
        (["test:0", "test:1", "--scale", "500"], "--scale must be at most"),
        (["test:0", "test:1", "--scale", "500", "-o", "a.gif"], "--scale must be at most"),
        (["test:0", "test:1", "--smooth", "-o", "a.npy"], "--smooth"),
    ],
    ids=" ".join,
)
def test_usage_errors(interpolate, here, arguments, says):
    """Exit code 2 in typer's own form, nothing on stdout, no file."""
    code, stdout, stderr = interpolate(*arguments)
    assert (code, stdout) == (2, "")
    assert "Usage: " in stderr
    assert says in stderr.replace("\n", " ").lower()
    assert "Traceback" not in stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.png", "There is no picture missing.png"),
        ("text.png", "text.png must be a picture, got a text file"),
        ("short.png", "short.png cannot be decoded"),
        ("empty.png", "got an empty file"),
        (".", "empty.png must be a picture, got an empty file"),
        ("test:1000", "has images 0 to 999, got test:1000"),
        ("test:", "test: must be followed by a whole number"),
        ("a" * 300, "too long"),
    ],
)
def test_files_that_are_no_pictures(interpolate, pictures, contents, name, says):
    """Exit code 1, one line, no file, whichever of the two pictures cannot be read."""
    before = contents(pictures)
    for names in (("test:0", name), (name, "test:0")):
        code, stdout, stderr = interpolate(*names)
        assert (code, stdout) == (1, "")
        assert stderr.startswith("Error: ")
        assert says in stderr
        assert stderr.count("\n") == 1
        assert contents(pictures) == before


def test_a_picture_called_like_a_reference(interpolate, pictures):
    """A file named test:0 wins over the data set's picture."""
    try:
        (pictures / "shirt.png").rename(pictures / "test:0")
    except OSError:
        pytest.skip("no such names on this system")
    _, _, stderr = interpolate("test:0", "test:1", "-o", "a.npy")
    assert "test:0: " in stderr
    assert "negated" in stderr


def test_a_decoder_alone(call, here, contents, model_folder):
    """The error names the missing encoder, and how to get it."""
    (here / "shoes").mkdir()
    (here / "shoes" / "decoder.onnx").write_bytes((model_folder / "decoder.onnx").read_bytes())
    before = contents(here)
    for given in ("shoes", "shoes/decoder.onnx"):
        code, stdout, stderr = call("interpolate", "test:0", "test:1", "-m", given)
        assert (code, stdout) == (1, "")
        assert "encoder.onnx" in stderr
        assert stderr.count("\n") == 1
        assert contents(here) == before


def test_a_target_that_exists(interpolate, here, contents):
    """An existing file is refused and left unchanged; `--force` overwrites it."""
    (here / "a.png").write_bytes(b"mine")
    before = contents(here)
    code, stdout, stderr = interpolate("test:0", "test:1", "-o", "a.png")
    assert (code, stdout) == (1, "")
    assert "--force" in stderr
    assert contents(here) == before
    assert interpolate("test:0", "test:1", "-o", "a.png", "--force")[:2] == (0, "a.png\n")
    assert (here / "a.png").read_bytes().startswith(b"\x89PNG")


def test_unknown_data(interpolate, here):
    """The error for an unknown data set names the nearest one."""
    code, _, stderr = interpolate("test:0", "test:1", "--data", "fashion-mnist-min")
    assert code == 1
    assert "Did you mean fashion-mnist-mini?" in stderr
    assert list(here.iterdir()) == []


def test_prepared_pictures_are_saved_as_the_model_saw_them(interpolate, pictures):
    """A folder with a PNG of each picture; the options of the preparation reach it; a file is refused."""
    words = ["shirt.png", "shirt.png", "--steps", 2, "-o", "a.npy", "--force"]
    code, _, stderr = interpolate(*words, "--save-prepared", "seen")
    assert code == 0 and "negated" in stderr
    first, second = (np.asarray(PIL.Image.open(path)) for path in sorted((pictures / "seen").iterdir()))
    assert first.shape == (28, 28) and (first == second).all() and first[0, 0] == 0
    code, _, stderr = interpolate(*words, "--polarity", "keep", "--no-trim", "--save-prepared", "kept")
    assert code == 0 and "negated" not in stderr and "trimmed" not in stderr
    assert np.asarray(PIL.Image.open(sorted((pictures / "kept").iterdir())[0]))[0, 0] == 255
    assert interpolate(*words, "--save-prepared", "seen.png")[0] == 2
    code, _, stderr = interpolate(*words, "--range", "9:1")
    assert code == 2 and "--range must be" in stderr
    assert interpolate(*words, "--prepare", "none")[0] == 1


def test_names_of_several_pictures(interpolate, here):
    """A slice of the data, and a folder, are as many pictures as they hold."""
    assert interpolate("test:0:3", "--steps", 2, "-o", "a.npy")[0] == 0
    assert interpolate("test:0", "test:1", "test:2", "--steps", 2, "-o", "b.npy")[0] == 0
    np.testing.assert_array_equal(np.load("a.npy"), np.load("b.npy"))
    (here / "pics").mkdir()
    for number in range(3):
        PIL.Image.new("L", (28, 28), 80 * number).save(here / "pics" / f"{number}.png")
    code, _, stderr = interpolate("pics", "--steps", 2, "-o", "c.npy")
    assert code == 0
    assert [line.split(": ")[0] for line in stderr.splitlines()][:3] == [
        f"pics/{number}.png" for number in range(3)
    ]
    assert interpolate("test:0:100", "-o", "d.npy")[0] == 2
