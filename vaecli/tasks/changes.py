"""Texts that say how a model's or run's images differ from those that its data hold now."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from vaecli.data.images import ImageSet
from vaecli.data.parts import Division
from vaecli.errors import VaecliError
from vaecli.tasks.train import labels

_LISTED = 3  # differences between labels in a message


def what_changed(table: Any, data: ImageSet, division: Division) -> str:
    """Return sentences on how `data` differs from the training images of `table`; empty if it has no counts.

    Args:
        table: `data` of a model's metadata or of provenance.json, which may be damaged.
        data: the training and validation images as they are now.
        division: of the run.
    """
    try:
        before, now = int(table["count"]) + int(table["validation_count"]), len(data.images)
    except (LookupError, TypeError, ValueError):
        return ""
    differences: list[str] = []
    with contextlib.suppress(AttributeError, LookupError, TypeError, ValueError, VaecliError):
        differences = list(_labels(table, data, division if before == now else None))
    if not differences:
        return _counts(before, now)
    listing = ", ".join(differences[:_LISTED]) + (" ..." if len(differences) > _LISTED else "")
    if before != now:
        return f"{_counts(before, now)} The labels differ, too: {listing}."
    what = "the labels" if {*table["class_names"]} != {*data.class_names} else "some pixels or labels"
    return f"There are {now:,} images as before, but {what} differ: {listing}."


def what_changed_in_test(table: Any, data: ImageSet) -> str:
    """Return a sentence on how `data` differs from the test images of `table`; empty if it has no count."""
    try:
        return _counts(int(table["test_count"]), len(data.images))
    except (LookupError, TypeError, ValueError):
        return ""


def _counts(before: int, now: int) -> str:
    if before != now:
        return f"There were {before:,} images and there are {now:,} now."
    return f"There are {now:,} images as before, but some pixels, labels or their order differ."


def _labels(table: Any, data: ImageSet, division: Division | None) -> Iterator[str]:
    """Name differences between the classes of `table` and of `data`, and with a division between their sizes.

    Raises:
        AttributeError, LookupError, TypeError, ValueError: `table` is damaged.
        DataError: the images cannot be divided.
    """
    names: Sequence[str] = list(table["class_names"])
    if bool(names) != bool(data.class_names):
        yield "there were some and there are none" if names else "there were none and there are some"
        return
    classes = {*data.class_names}
    yield from (f"{name!r:.40} is gone" for name in names if name not in classes)
    yield from (f"{name!r:.40} is new" for name in data.class_names if name not in names)
    sizes = table.get("class_counts")
    if sizes is None or division is None or classes != {*names}:
        return
    before = dict(zip(names, map(int, sizes), strict=True))
    now = labels.counts(data, division.held_out(data)) or []
    for name, size in zip(data.class_names, now, strict=True):
        if before[name] != size:
            yield f"{name!r:.40} had {before[name]:,} training images and has {size:,}"
