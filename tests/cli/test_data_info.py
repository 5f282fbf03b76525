"""`vaecli data info`, through the program's own `main`: what it prints, and that what it advises works."""

import numpy as np
import pytest
from PIL import Image


def write_pictures(folder, count, *, start=0):
    """Write PNG files of random pixels."""
    folder.mkdir(parents=True)
    for number in range(start, start + count):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")


@pytest.fixture(autouse=True)
def cache(here, monkeypatch):
    """Keep the decoded pictures out of the user's cache."""
    monkeypatch.setenv("VAECLI_CACHE", str(here / "cache"))


@pytest.fixture
def pictures(here):
    """Make a folder of 20 pictures."""
    write_pictures(here / "pictures", 20)
    return here / "pictures"


def test_the_output_is_checked_before_anything_is_read(call, here):
    """A name that cannot be written is refused even where the folder is missing, which reading would tell."""
    taken = here / "taken.png"
    taken.write_bytes(b"mine")
    code, _, stderr = call("data", "info", "nosuch/", "-o", taken)
    assert (code, "exists already" in stderr) == (1, True)
    assert taken.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["sheet", "sheet.npy", "sheet.gif", "sheets/", "sheet.jpg"])
def test_a_sheet_of_examples_is_a_png(call, here, pictures, name):
    """Any other name is wrong usage, and nothing is written."""
    before = sorted(here.iterdir())
    code, stdout, stderr = call("data", "info", pictures, "-o", f"{here}/{name}")
    assert (code, stdout) == (2, "")
    assert ".png" in stderr
    assert sorted(here.iterdir()) == before


def test_a_folder_that_is_too_small_gets_no_command_that_fails(call, here):
    """It says what is missing instead."""
    write_pictures(here / "few", 4)
    code, _, stderr = call("data", "info", "few")
    assert code == 0
    assert "at least 5, got 4" in stderr
    assert "Next:" not in stderr


def test_a_validation_part_that_is_too_small_gets_no_command_that_fails(call, here):
    """Each part needs two pictures."""
    write_pictures(here / "parts/train", 8)
    write_pictures(here / "parts/val", 1, start=8)
    code, _, stderr = call("data", "info", "parts")
    assert code == 0
    assert "at least 2 in each part, got 1" in stderr
    assert "Next:" not in stderr


def test_many_bad_files_need_an_option_in_the_next_command(call, pictures):
    """Training without it would be refused; a folder without bad files needs none."""
    assert "--allow-bad" not in call("data", "info", pictures)[2]
    for index in range(2):
        (pictures / f"broken{index}.png").write_bytes((pictures / "0000.png").read_bytes()[:80])
    code, _, stderr = call("data", "info", pictures)
    assert code == 0
    assert "--allow-bad" in stderr.splitlines()[-1]


def test_sides_are_named_where_it_matters_which_is_which(call, here):
    """Files are width x height, --image-size is height x width."""
    folder = here / "wide"
    folder.mkdir()
    for index in range(5):
        Image.new("RGB", (60, 40), (index, 0, 0)).save(folder / f"{index}.png")
    _, stdout, _ = call("data", "info", folder, "--image-size", "48x36")
    assert "width x height  60 x 40" in stdout
    assert "48 high, 36 wide" in stdout


def test_an_unfinished_cache_is_listed_as_such(call, here, pictures):
    """A cache that an interrupted reading left is called unfinished, not one of zero pictures."""
    assert call("data", "info", pictures)[0] == 0
    assert "used 2" in call("data")[1]
    for path in (here / "cache").rglob("complete.json"):
        path.unlink()
    assert "unfinished" in call("data")[1]
