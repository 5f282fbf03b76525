"""Labels from callers become one-hot rows, or are refused."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.runtime.labels import label_input

NAMES = ("T-shirt", "Ankle boot", "Bag")


@pytest.fixture
def info(model):
    """The description of a conditional model of three classes, of the last of which it has seen no image."""
    data = model.info.data | {"class_counts": [5, 1, 0]}
    return model.info.replace(class_names=NAMES, inputs=("z", "label"), data=data)


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (None, [[0, 0, 0], [0, 0, 0]]),
        (1, [[0, 1, 0], [0, 1, 0]]),
        (np.int64(0), [[1, 0, 0], [1, 0, 0]]),
        (-1, [[0, 0, 0], [0, 0, 0]]),
        ("boot", [[0, 1, 0], [0, 1, 0]]),
        ([0, 1], [[1, 0, 0], [0, 1, 0]]),
        (["boot", None], [[0, 1, 0], [0, 0, 0]]),
        (np.array([1, -1]), [[0, 1, 0], [0, 0, 0]]),
        (["T-shirt", 1], [[1, 0, 0], [0, 1, 0]]),
        (np.array([[0.25, 0.75, 0], [0, 0, 1]]), [[0.25, 0.75, 0], [0, 0, 1]]),
    ],
    ids=str,
)
def test_rows(info, labels, rows):
    """Numbers, names, unique parts of names and weights; -1 and None are no label."""
    label = label_input(info, labels, 2)["label"]
    assert label.dtype == np.float32 and label.tolist() == rows


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (3, "-1, or from 0 to 2, got 3"),
        (-2, "got -2"),
        (2, "has seen none of 'Bag'"),
        ("Bag", "has seen none of 'Bag'"),
        ("shoe", "must name a class, got 'shoe'"),
        (True, "numbers or names of classes, got bool"),
        (1.0, "labels must"),
        ([0], r"one for each of 2 images, or one for all, got \(1,\)"),
        ([0, 1.5], "numbers or names of classes, got float"),
        (np.zeros((2, 4)), r"of the shape \(2, 3\)"),
        (np.full((2, 3), 2.0), "within 0 and 1"),
        (np.full((2, 3), np.nan), "within 0 and 1"),
        (np.full((2, 3), "a"), "must be numbers"),
    ],
    ids=str,
)
def test_refused(info, labels, message):
    """Each with the reason."""
    with pytest.raises(OptionError, match=message):
        label_input(info, labels, 2)


def test_a_model_without_labels(model):
    """It takes none, and says how to make one that does."""
    assert label_input(model.info, None, 2) == {}
    for call in (
        lambda: model.encode(np.zeros((1, 28, 28, 1), np.uint8), labels=0),
        lambda: model.decode(np.zeros((1, 2)), labels=["boot"]),
        lambda: model.reconstruct(np.zeros((1, 28, 28, 1), np.uint8), labels=0),
    ):
        with pytest.raises(OptionError, match="is not conditional") as caught:
            call()
        assert "--conditional" in caught.value.hint
