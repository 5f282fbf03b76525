"""What --conditional needs of the labels of a run."""

import numpy as np
import pytest

from vaecli.data.images import ImageSet
from vaecli.errors import OptionError
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.labels import counts, require_usable


class Listener(Watcher):
    """Keeps the notes."""

    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def data_with(labels, class_count):
    labels = None if labels is None else np.asarray(labels)
    images = np.zeros((12, 4, 4, 1), np.uint8)
    return ImageSet("mine", "train", images, labels, tuple(f"c{i}" for i in range(class_count)), "memory")


HELD_OUT = np.arange(12) >= 10


def test_training_images_are_counted():
    """Those of the validation are not among them; a class may have none."""
    assert counts(data_with([0] * 5 + [2] * 5 + [1, 2], 4), HELD_OUT) == [5, 0, 5, 0]
    assert counts(data_with(None, 0), HELD_OUT) is None


def test_classes_without_training_images_are_noted():
    """By name, some of many; without --conditional nothing is said."""
    data, watch = data_with([0] * 11 + [1], 9), Listener()
    require_usable(data, HELD_OUT, TrainOptions(), watch)
    assert watch.notes == []
    require_usable(data, HELD_OUT, TrainOptions(conditional=True), watch)
    assert watch.notes[0].endswith("by label: c1, c2, c3, c4, c5 ....")


@pytest.mark.parametrize(
    ("labels", "class_count", "message"),
    [
        (None, 0, "needs labelled images; those of mine have no labels"),
        ([0] * 12, 4097, "must have at most 4,096 classes, got 4,097"),
    ],
)
def test_labels_that_do_not_serve(labels, class_count, message):
    """No labels, and too many classes for an input."""
    with pytest.raises(OptionError, match=message) as caught:
        require_usable(data_with(labels, class_count), HELD_OUT, TrainOptions(conditional=True), Watcher())
    assert caught.value.option == "--conditional" and "eave" in caught.value.hint
