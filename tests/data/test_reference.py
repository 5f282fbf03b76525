"""`test:17` names a picture of a data set."""

import sys

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.reference import parse_reference, pick
from vaecli.errors import DataError


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("test:17", ("test", 17)),
        ("train:0", ("train", 0)),
        ("boot.png", None),
        ("tests:1", None),
        ("test", None),
        ("C:\\test:1", None),
        ("./test:17", None),
    ],
)
def test_references_and_names_of_files(text, reference):
    """`test:17` and `train:0` are references; all else is a file's name."""
    assert parse_reference(text) == reference


@pytest.mark.skipif(sys.platform == "win32", reason="no colon in a file's name there")
def test_an_existing_file_of_that_name_wins(tmp_path, monkeypatch):
    """A file called test:17 in the working folder is that file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test:17").touch()
    assert parse_reference("test:17") is None
    assert parse_reference("test:18") == ("test", 18)


@pytest.mark.parametrize(
    "text", ["test:", "test:x", "train:-1", "test:1.5", "test:1:2", "test:٣", "test:\0", "test:" + "1" * 300]
)
def test_a_reference_needs_a_number(text):
    """`test:` with anything but a whole number of at most 18 digits is a short error that shows how."""
    with pytest.raises(DataError, match="number") as error:
        parse_reference(text)
    assert ":17" in error.value.hint
    assert len(error.value.message) < 200


def test_pick_gives_the_image_or_the_range():
    """The last image is there; for the next one the error gives the range."""
    mini = load_mini("test")
    np.testing.assert_array_equal(pick(mini, 999), mini.images[999])
    for index in (1000, -1, 10**17):
        with pytest.raises(DataError, match="images 0 to 999"):
            pick(mini, index)
