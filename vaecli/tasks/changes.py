"""How the images of a model or a run differ from those that are in their place now, in words."""

from typing import Any

from vaecli.data.images import ImageSet


def what_changed(table: Any, data: ImageSet) -> str:
    """Say what is different between the training images that `table` describes and `data`, as far as is known.

    Args:
        table: `data` of a model's metadata or of provenance.json, which may be damaged.
        data: the images now, without their test part.
    """
    try:
        count = int(table["count"]) + int(table["validation_count"])
    except (LookupError, TypeError, ValueError):
        return ""
    return _counts(count, len(data.images))


def what_changed_in_test(table: Any, data: ImageSet) -> str:
    """Say what is different between the test images that `table` describes and `data`, likewise."""
    try:
        return _counts(int(table["test_count"]), len(data.images))
    except (LookupError, TypeError, ValueError):
        return ""


def _counts(before: int, now: int) -> str:
    if before != now:
        return f"There were {before:,} images and there are {now:,} now."
    return f"There are {now:,} images as before, but some pixels, labels or their order differ."
