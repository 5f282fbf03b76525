"""AUROC and F1 on labelled pictures, of which one class is normal."""

import array
from collections.abc import Sequence

import numpy as np

from vaecli.errors import OptionError
from vaecli.labels import find_label
from vaecli.metrics.detection import Detection, detection

NORMAL = "normal"  # a class of this name is the normal one, whatever the others are


def normal_class(name: str | None, class_names: Sequence[str]) -> str | None:
    """Return the class that is normal: the one that a user names, else the one called so; None if there is none.

    Raises:
        OptionError: the pictures have no classes, or `name` is none or several of them.
    """
    if name is not None:
        if not class_names:
            raise OptionError(
                "--normal needs pictures with classes, such as folders with a subfolder for each class.",
                option="--normal",
            )
        return class_names[find_label(name, class_names, option="--normal")]
    called_so = [other for other in class_names if other.strip().casefold() == NORMAL]
    return called_so[0] if len(called_so) == 1 and len(class_names) > 1 else None


class Judge:
    """Collects the scores of labelled pictures: 10 bytes for each.

    Args:
        normal: the class that is normal.
    """

    def __init__(self, normal: str) -> None:
        self.normal = normal
        self._scores, self._others, self._marks = array.array("d"), array.array("b"), array.array("b")

    def add(self, labels: Sequence[str | None], scores: np.ndarray, marks: np.ndarray) -> None:
        """Take the labels of pictures, their scores and marks; pictures without a label are left out."""
        for label, score, mark in zip(labels, scores.tolist(), marks.tolist(), strict=True):
            if label is not None:
                self._scores.append(score)
                self._others.append(label != self.normal)
                self._marks.append(mark)

    @property
    def counts(self) -> tuple[int, int]:
        """Number of normal pictures, and of others."""
        others = sum(self._others)
        return len(self._others) - others, others

    def detection(self) -> Detection | None:
        """Return the figures; None unless there are normal pictures and others."""
        if 0 in self.counts:
            return None
        return detection(*(np.array(column) for column in (self._scores, self._others, self._marks)))
