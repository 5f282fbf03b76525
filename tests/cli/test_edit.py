"""`vaecli edit`, through the program's own `main`."""

import json

import numpy as np
import PIL.Image


def test_a_strip(call, here, measured_folder):
    """stdout is the path alone; notes are on stderr, and --quiet prints none."""
    words = ["edit", "test:0", "-m", measured_folder, "--toward", "Ankle boot", "-o"]
    code, stdout, stderr = call(*words, "a.png")
    assert (code, stdout) == (0, "a.png\n")
    assert "test:0: picture 0 of the test set" in stderr and "toward Ankle boot" in stderr
    assert call(*words, "b.png", "-q") == (0, "b.png\n", "")
    with PIL.Image.open("a.png") as page:
        assert page.width > 9 * page.height / 2


def test_amounts_that_begin_with_a_minus(call, here, measured_folder):
    """In either spelling."""
    words = ["edit", "test:0", "-m", measured_folder, "--toward", "bag", "-q", "-o"]
    assert call(*words, "a.npy", "--amount", "-1:1:3")[0] == 0
    assert call(*words, "b.npy", "--amount=-1:1:3")[0] == 0
    np.testing.assert_array_equal(np.load("a.npy"), np.load("b.npy"))


def test_json(call, here, measured_folder, check_schema):
    """One object that fits its schema."""
    words = ["edit", "test:0", "-m", measured_folder, "--toward", "bag", "--json", "-o", "a.png"]
    code, stdout, _ = call(*words, "--save", "bag.npz")
    assert code == 0
    check_schema("edit", json.loads(stdout))
    assert json.loads(stdout)["saved"] == "bag.npz"


def test_an_unreadable_picture_of_a_folder(call, here, measured_folder):
    """The strip is written, the picture is listed, and the exit code is 1."""
    (here / "bags").mkdir()
    for name in ("a", "b"):
        PIL.Image.new("L", (28, 28), 200).save(here / "bags" / f"{name}.png")
    (here / "bags" / "c.png").write_text("no picture")
    words = ["edit", "test:0", "-m", measured_folder, "--toward", "bags", "-o", "a.png", "--show"]
    code, stdout, stderr = call(*words)
    assert (code, stdout) == (1, "a.png\n")
    assert "Cannot read bags/c.png" in stderr and "1 of 3 pictures cannot be read" in stderr and "▀" in stderr


def test_usage_errors(call, here, measured_folder):
    """Exit code 2 for an option, 1 for a model."""
    words = ["edit", "test:0", "-m", measured_folder]
    assert call(*words)[0] == 2
    assert call(*words, "--toward", "hat")[0] == 2
    assert call(*words, "--toward", "bag", "--amount", "x")[0] == 2
    assert call("edit", "test:0", "-m", "nowhere", "--toward", "bag")[0] == 1
    assert list(here.iterdir()) == []
