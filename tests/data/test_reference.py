"""`test:17` names a picture of a data set."""

import sys

import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.reference import parse_reference, positions
from vaecli.errors import DataError


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("test:17", ("test", 17)),
        ("train:0", ("train", 0)),
        ("val:0:100", ("validation", slice(0, 100))),
        ("test:5:", ("test", slice(5, None))),
        ("test:-10:", ("test", slice(-10, None))),
        ("test::", ("test", slice(None, None))),
        ("boot.png", None),
        ("tests:1", None),
        ("test", None),
        ("C:\\test:1", None),
        ("./test:17", None),
    ],
)
def test_references_and_names_of_files(text, reference):
    """`test:17` and `val:0:100` are references; all else is a file's name."""
    assert parse_reference(text) == reference


@pytest.mark.skipif(sys.platform == "win32", reason="no colon in a file's name there")
def test_an_existing_file_of_that_name_wins(tmp_path, monkeypatch):
    """A file called test:17 in the working folder is that file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test:17").touch()
    assert parse_reference("test:17") is None
    assert parse_reference("test:18") == ("test", 18)


@pytest.mark.parametrize(
    "text",
    [
        "test:",
        "test:x",
        "train:-1",
        "test:1.5",
        "test:1:2:3",
        "test:1:x",
        "test:٣",
        "test:\0",
        "test:" + "1" * 300,
    ],
)
def test_a_reference_needs_a_number(text):
    """`test:` with anything but whole numbers of at most 18 digits is a short error that shows how."""
    with pytest.raises(DataError, match="number") as error:
        parse_reference(text)
    assert ":17" in error.value.hint
    assert len(error.value.message) < 200


def test_positions_of_an_index_or_the_range():
    """The last image is there; for the next one the error gives the range."""
    mini = load_mini("test")
    assert positions(mini, 999) == range(999, 1000)
    for index in (1000, -1, 10**17):
        with pytest.raises(DataError, match="images 0 to 999"):
            positions(mini, index)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (slice(0, 3), range(3)),
        (slice(998, 2000), range(998, 1000)),
        (slice(-2, None), range(998, 1000)),
        (slice(None, None), range(1000)),
    ],
)
def test_positions_of_a_slice(rows, expected):
    """Bounds mean what they do in Python: beyond the end is the end, negative ones count from it."""
    assert positions(load_mini("test"), rows) == expected


@pytest.mark.parametrize("rows", [slice(5, 5), slice(1000, None), slice(7, 3)])
def test_a_slice_without_pictures_is_an_error(rows):
    """It says how many pictures there are."""
    with pytest.raises(DataError, match="1,000"):
        positions(load_mini("test"), rows)
