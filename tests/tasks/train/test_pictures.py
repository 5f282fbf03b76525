"""The words and files of a run about the pictures that it reads."""

import csv
import io
import pathlib

import numpy as np
import pytest

from vaecli.data.collection.report import BadFile, Report
from vaecli.data.images import ImageSet
from vaecli.data.photo.reading import Reading
from vaecli.tasks.train.pictures import bad_files, bad_files_csv, summary

READING = Reading(height=48, width=36, channels=3, fit="crop")


def make_set(count, split="train", *, bad=(), reading=READING, class_names=("a", "b"), **counts):
    report = Report(layout="class folders", bad_files=tuple(bad), **counts)
    images = np.zeros((count, *(reading or READING).shape), np.uint8)
    return ImageSet("mine", split, images, None, class_names, "mine", reading=reading, report=report)


def test_the_summary_in_full():
    """How pictures were read, and everything that the user may not expect, in one line."""
    bad = [BadFile(f"{number}.png", "empty") for number in range(3)]
    line = summary(
        make_set(1200, bad=bad[:2], duplicates=12, leaked=2),
        make_set(34, "test", bad=bad[1:], duplicates=12, leaked=2),
        pathlib.Path("runs/a/bad_files.csv"),
    )
    assert line == (
        "Read 1,234 pictures as 48 x 36 RGB, cropped: class folders; 3 bad files left out: "
        "runs/a/bad_files.csv; 12 duplicates; 2 test or validation pictures equal a training picture."
    )


def test_the_summary_of_pictures_without_a_fault():
    """Nothing is said of what there is not."""
    reading = Reading(height=48, width=36, channels=1)
    line = summary(make_set(5, reading=reading, class_names=()), None, None)
    assert line == "Read 5 pictures as 48 x 36 grey, padded: class folders."


def test_the_summary_of_arrays():
    """They are not fitted; a line says what they are, too."""
    assert summary(make_set(5, reading=None), None, None) == "Read 5 pictures as 48 x 36 RGB: class folders."


def test_one_of_each_is_singular():
    """One file, one duplicate, one picture."""
    data = make_set(5, bad=[BadFile("a", "b")], duplicates=1, leaked=1)
    line = summary(data, None, pathlib.Path("x"))
    assert "1 bad file left out: x; 1 duplicate; 1 test or validation picture equals a training" in line


def test_bad_files_are_named_once():
    """Those of the training and of the test images, without repetition, in order."""
    one, two, three = (BadFile(name, "empty") for name in "abc")
    assert bad_files(make_set(5, bad=[one, two]), make_set(5, "test", bad=[two, three])) == [one, two, three]
    assert bad_files(make_set(5, bad=[one]), None) == [one]


NAMES = ["a.png", "a b.png", 'a"b.png', "a,b.png", "a\nb.png", "a\r\nb.png", "ä/日本.png", "=1+1.png"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_are_read_back(name):
    """RFC 4180: any name, also with quotes, commas and newlines, is read back by a CSV reader."""
    text = bad_files_csv([BadFile(name, "cannot be decoded: it is, well, damaged"), BadFile("x", "empty")])
    assert text.startswith("file,reason\r\n") and text.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows == [["file", "reason"], [name, "cannot be decoded: it is, well, damaged"], ["x", "empty"]]


def test_names_that_are_not_utf8_are_escaped():
    """Each such byte is written as \\xff, and the text can be encoded."""
    name = b"caf\xe9 \xff.png".decode("utf-8", "surrogateescape")
    text = bad_files_csv([BadFile(name, f"no picture: {name}")])
    assert text.encode().decode() == "file,reason\r\ncaf\\xe9 \\xff.png,no picture: caf\\xe9 \\xff.png\r\n"
