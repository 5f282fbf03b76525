"""Texts that say how a model's or run's images differ from those that its data hold now."""

from typing import Any

from vaecli.data.images import ImageSet


def what_changed(table: Any, data: ImageSet) -> str:
    """Return a sentence on how `data` differs from the training images of `table`; empty if it has no counts.

    Args:
        table: `data` of a model's metadata or of provenance.json, which may be damaged.
        data: the training and validation images as they are now.
    """
    try:
        count = int(table["count"]) + int(table["validation_count"])
    except (LookupError, TypeError, ValueError):
        return ""
    return _counts(count, len(data.images))


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
