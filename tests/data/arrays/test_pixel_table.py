"""CSV files of pixels: every usual form is read, and what is wrong with a line is said with its number."""

import subprocess
import sys

import numpy as np
import pytest

from vaecli.data.arrays.pixel_table import load_pixel_table
from vaecli.errors import DataError, MissingPartError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 5), np.uint8)
DIGITS = [0, 2, 1, 0, 2, 5]
NAMES = [f"pixel{number}" for number in range(25)]


@pytest.fixture
def save(tmp_path):
    """Write a text, or lines of fields."""

    def save(content, *, end="\n", encoding="utf-8"):
        path = tmp_path / "digits.csv"
        if not isinstance(content, str):
            content = "".join(",".join(map(str, fields)) + end for fields in content)
        path.write_bytes(content.encode(encoding))
        return path

    return save


def table(*, header=True, labels=DIGITS, at=0, images=IMAGES):
    """Return a table as lines of fields, the label in column `at`; without labels if it is None."""
    lines = [NAMES[: images[0].size], *images.reshape(len(images), -1).tolist()]
    if labels is not None:
        lines = [
            [*line[:at], label, *line[at:]] for line, label in zip(lines, ["label", *labels], strict=True)
        ]
    return lines if header else lines[1:]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("labels", [DIGITS, None])
def test_usual_forms(save, end, encoding, header, labels):
    """With and without header, labels, byte-order mark; every line end."""
    loaded = load_pixel_table(save(table(header=header, labels=labels), end=end, encoding=encoding), "train")
    np.testing.assert_array_equal(loaded.images[..., 0], IMAGES)
    assert (loaded.name, loaded.images.dtype, loaded.images.flags.writeable) == ("digits", np.uint8, False)
    if labels is None:
        assert (loaded.labels, loaded.class_names) == (None, ())
        assert loaded.report.layout == "a CSV of pixels, without labels"
    else:
        np.testing.assert_array_equal(loaded.labels, DIGITS)
        assert loaded.class_names == tuple("012345")
        assert loaded.report.layout == "a CSV of pixels, labels in column 1"


@pytest.mark.parametrize("at", [0, 7, 25])
def test_the_label_column_is_found_by_its_name(save, at):
    """The column `label` may stand before, between and after the pixels."""
    loaded = load_pixel_table(save(table(at=at)), "train")
    np.testing.assert_array_equal(loaded.images[..., 0], IMAGES)
    np.testing.assert_array_equal(loaded.labels, DIGITS)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "id"])
def test_the_index_of_pandas_is_no_pixel(save, name):
    """A first column that counts the lines is left out."""
    lines = [[name or '""' if not count else count - 1, *line] for count, line in enumerate(table())]
    np.testing.assert_array_equal(load_pixel_table(save(lines), "train").images[..., 0], IMAGES)


@pytest.mark.parametrize("first", [0, 1])
def test_a_header_of_numbers(save, first):
    """Columns that are named 0, 1, 2 ... are a header, with a label column and without."""
    counted = list(range(first, first + 25))
    for labels, start in ((None, []), (DIGITS, ["label"])):
        lines = [[*start, *counted], *table(header=False, labels=labels)]
        np.testing.assert_array_equal(load_pixel_table(save(lines), "train").images[..., 0], IMAGES)


def test_quotes_blanks_and_blank_lines(save):
    """Quoted fields, blanks around numbers, 12.0 for 12, empty lines and a missing last line end are read."""
    lines = [[f'"{field}"' for field in line] for line in table()]
    np.testing.assert_array_equal(load_pixel_table(save(lines), "train").images[..., 0], IMAGES)
    lines = [[f" {field} " for field in line] for line in table()]
    np.testing.assert_array_equal(load_pixel_table(save(lines), "train").images[..., 0], IMAGES)
    loaded = load_pixel_table(save(table(images=IMAGES.astype(float))), "train")
    np.testing.assert_array_equal(loaded.images[..., 0], IMAGES)
    text = "\n\n".join(",".join(map(str, line)) for line in table())
    np.testing.assert_array_equal(load_pixel_table(save("\n" + text), "train").images[..., 0], IMAGES)


@pytest.mark.parametrize("header", [True, False])
def test_labels_as_texts(save, header):
    """Texts are classes in natural order, with commas in quotes and letters of any script."""
    labels = ["日本", '"a, b"', "class 10", "class 9", "class 9", "é"]
    loaded = load_pixel_table(save(table(labels=labels, header=header)), "train")
    assert loaded.class_names == ("a, b", "class 9", "class 10", "é", "日本")
    np.testing.assert_array_equal(loaded.labels, [4, 0, 2, 1, 1, 3])


@pytest.mark.parametrize("labels", [DIGITS, None])
def test_sides_by_option(save, labels):
    """Pixels that are no square take the size that is given; squares stay square, to be resized later."""
    wide = np.random.default_rng(1).integers(0, 256, (6, 3, 7), np.uint8)
    path = save(table(images=wide, labels=labels))
    np.testing.assert_array_equal(load_pixel_table(path, "train", size=(3, 7)).images[..., 0], wide)
    with pytest.raises(DataError, match=r"got 2[12].*--image-size HEIGHTxWIDTH"):
        load_pixel_table(path, "train")
    square = load_pixel_table(save(table(labels=labels)), "train", size=(8, 8))
    np.testing.assert_array_equal(square.images[..., 0], IMAGES)


def changed(line, column, value):
    """Return the table with one field replaced; lines count from 1, the header included."""
    lines = table()
    lines[line - 1][column] = value
    return lines


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "must have a line of pixels for each image, got no line"),
        ("\n\n", "must have a line of pixels for each image, got no line"),
        (table()[:1], "must have a line of pixels for each image, got only a header"),
        ([*table(), [1, 2, 3]], "line 8: the row must have 26 fields, got 3. It was read as a CSV of pixels"),
        ([*table(), [1] * 27], "line 8: the row must have 26 fields, got 27"),
        (changed(4, 9, 256), "line 4: pixels must be whole numbers of 0 to 255, got '256'"),
        (changed(4, 9, -1), "line 4: .* got '-1'"),
        (changed(2, 1, "x"), "line 2: .* got 'x'"),
        (changed(2, 1, "a.jpg"), "line 2: .* got 'a.jpg'. A list of picture files is read as metadata.csv"),
        (changed(7, 25, ""), "line 7: .* got ''"),
        (changed(7, 25, "nan"), "line 7: .* got 'nan'"),
        (changed(7, 25, "inf"), "line 7: .* got 'inf'"),
        (changed(3, 3, "1e400"), "line 3: .* got '1e400'"),
        (changed(3, 3, "12.5"), "line 3: .* got '12.5'"),
        (changed(3, 3, "0.5"), "line 3: .* got '0.5'. Multiply fractions of 0 to 1 by 255"),
        (changed(3, 3, "1_0"), "line 3: .* got '1_0'"),
        (changed(3, 3, "\u0663"), "line 3: .* got '\u0663'"),
        (changed(3, 3, "9" * 5000), "line 3: .* got '9999999999999999999999999999999999999999'"),
        (changed(3, 0, ""), "must have a label for each image, got an empty one"),
        (changed(3, 0, "-1"), "labels of at least 0, got -1"),
        (changed(3, 0, "1000000000"), "labels below 10,000, got 1000000000"),
        ('label,pixel1\n3,"4\n', "line 2: unexpected end of data"),
        ('label,pixel1\n3,"4"5\n', r"line 2: ',' expected after '\"'"),
        ("label,pixel1\n3,\0\n", "line 2: "),
        ("file_name,label\na.png,cat\n", "got a list of picture files. Name its folder"),
        ("label\n3\n", "must have columns of pixels, got 1 columns"),
        (table(images=IMAGES[:, :, :4]), "got 20.*--image-size HEIGHTxWIDTH"),
        ([[0.5] * 25] * 3, "line 1: .* got '0.5'"),
    ],
)
def test_bad_tables(save, content, reason):
    """The message names the file, the line from 1, what was expected and what came."""
    path = save(content)
    with pytest.raises(DataError, match=reason) as error:
        load_pixel_table(path, "train")
    assert str(path) in str(error.value)


def test_other_encodings_and_endless_lines(save):
    """Latin-1 letters are an error that says how to save the file; so is a line without end."""
    with pytest.raises(DataError, match=r"must be UTF-8, got .*Save it as CSV UTF-8"):
        load_pixel_table(save(table(labels=["é"] * 6), encoding="latin-1"), "train")
    with pytest.raises(DataError, match="must have lines of less than 16,777,216 characters"):
        load_pixel_table(save("1," * 2**23), "train")


def test_too_many_classes(save):
    """A column of names that differ in each line is no label."""
    lines = (f"name {number},1" for number in range(10_001))
    with pytest.raises(DataError, match="line 10001: must have at most 10,000 classes"):
        load_pixel_table(save("\n".join(lines)), "train", size=(1, 1))


def test_too_much_for_memory(save, monkeypatch):
    """A table of more pixels than memory may hold is refused while it is read."""
    monkeypatch.setattr("vaecli.data.arrays.pixel_table.MOST_IN_MEMORY", 60)
    monkeypatch.setattr("vaecli.data.images.MOST_IN_MEMORY", 60)
    with pytest.raises(DataError, match=r"Save the images as bytes in a .npy file"):
        load_pixel_table(save(table()), "train")


def test_the_other_split_and_a_missing_file(save, tmp_path):
    """A CSV file has training images only; a missing one cannot be read."""
    with pytest.raises(MissingPartError, match="images of the test set"):
        load_pixel_table(save(table()), "test")
    with pytest.raises(DataError, match=r"Cannot read .*No such file"):
        load_pixel_table(tmp_path / "absent.csv", "train")


PEAK = """
import pathlib, resource, sys
from vaecli.data.arrays.pixel_table import load_pixel_table
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
images = load_pixel_table(pathlib.Path(sys.argv[1]), "train").images
print(images.nbytes, peak() - before)
"""


def test_memory_is_that_of_the_pixels(tmp_path):
    """A table of 12 MB of pixels takes little more than them, though the file is four times as large."""
    row = ",".join(["3", *["255"] * 10_000]) + "\n"
    path = tmp_path / "large.csv"
    path.write_text(row * 1200)
    result = subprocess.run(
        [sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True, timeout=600
    )
    pixels, grown = map(int, result.stdout.split())
    assert pixels == 12_000_000
    assert grown < 1.5 * pixels
