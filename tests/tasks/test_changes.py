"""Texts on how the images of a run differ from those at the same place now: their number, their classes."""

import dataclasses

import numpy as np
import pytest

from vaecli.data.images import ImageSet
from vaecli.data.parts import Division
from vaecli.tasks.changes import what_changed
from vaecli.tasks.train.labels import counts

DIVISION = Division(validation_split=0.2)
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 5, 4, 1), np.uint8)
NAMES = ("bag", "boot", "coat")
SET = ImageSet("mine", "train", IMAGES, np.arange(60) % 3, NAMES, "memory")


def table_of(data):
    """Return what provenance.json keeps of a set of images."""
    held_out = DIVISION.held_out(data)
    return {
        "count": int((~held_out).sum()),
        "validation_count": int(held_out.sum()),
        "class_names": list(data.class_names),
        "class_counts": counts(data, held_out),
    }


def changed(**changes):
    return what_changed(table_of(SET), dataclasses.replace(SET, **changes), DIVISION)


def test_other_labels_are_said():
    """Classes that are gone or new, or have more or fewer images; labels that are gone or new."""
    same = "There are 60 images as before, but the labels differ: "
    assert changed(class_names=("bag", "boots", "coat")) == f"{same}'boot' is gone, 'boots' is new."
    assert changed(labels=None, class_names=()) == f"{same}there were some and there are none."
    labels = SET.labels.copy()
    labels[np.flatnonzero(~DIVISION.held_out(SET))[:3]] = 0
    before, now = (
        counts(data, DIVISION.held_out(SET)) for data in (SET, dataclasses.replace(SET, labels=labels))
    )
    assert changed(labels=labels) == (
        "There are 60 images as before, but some pixels or labels differ: "
        f"'bag' had {before[0]} training images and has {now[0]}, "
        f"'boot' had {before[1]} training images and has {now[1]}, "
        f"'coat' had {before[2]} training images and has {now[2]}."
    )
    bare = dataclasses.replace(SET, labels=None, class_names=())
    assert what_changed(table_of(bare), SET, DIVISION) == f"{same}there were none and there are some."


def test_many_labels_are_cut_short():
    """Three differences are enough."""
    assert changed(class_names=("a", "b", "c")).endswith("'bag' is gone, 'boot' is gone, 'coat' is gone ....")


def test_other_pixels_or_another_order():
    """Where numbers and classes are the same, the text does not say which of both it is."""
    text = "There are 60 images as before, but some pixels, labels or their order differ."
    assert changed(images=IMAGES[::-1], labels=SET.labels[::-1]) == text


def test_another_number_of_images():
    """The sizes of the classes follow from it; other classes are said too."""
    few = SET.select(np.arange(50))
    assert what_changed(table_of(SET), few, DIVISION) == "There were 60 images and there are 50 now."
    few = dataclasses.replace(few, class_names=("bag", "boot", "dress"))
    assert what_changed(table_of(SET), few, DIVISION) == (
        "There were 60 images and there are 50 now. The labels differ, too: 'coat' is gone, 'dress' is new."
    )


@pytest.mark.parametrize(
    "table",
    [None, 3, [], {}, {"count": "many"}, {"count": 1}, {"count": None, "validation_count": 3}],
    ids=str,
)
def test_a_damaged_table_says_nothing(table):
    assert what_changed(table, SET, DIVISION) == ""


@pytest.mark.parametrize(
    "damage",
    [
        {"class_names": 3},
        {"class_names": None},
        {"class_counts": "many"},
        {"class_counts": [1]},
        {"class_counts": [1, None, 3]},
        {"class_counts": None},
    ],
    ids=str,
)
def test_damaged_classes_are_left_out(damage):
    """The number of images is still said."""
    text = "There are 60 images as before, but some pixels, labels or their order differ."
    assert what_changed(table_of(SET) | damage, SET, DIVISION) == text


def test_images_that_cannot_be_divided():
    """The text for an error never fails itself."""
    equal = dataclasses.replace(SET, images=np.zeros_like(IMAGES))
    assert "60 images as before" in what_changed(table_of(SET), equal, DIVISION)
