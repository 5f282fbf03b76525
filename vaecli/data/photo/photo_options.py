"""Options for the preparation of pictures."""

import dataclasses
import math
from typing import Literal, TypeAlias

from vaecli.choices import Cutout, PicturePolarity, Prepare
from vaecli.errors import OptionError

Range: TypeAlias = tuple[float, float] | Literal["auto", "full"]
"""The values in a file that are black and white. `auto` looks at them, `full` takes all that the format holds."""
AUTO_RANGE: Range = "auto"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PhotoOptions:
    """Options for pictures that are prepared.

    Attributes:
        prepare: how a picture becomes like the training images; `auto` as the model's metadata say, `none`: it has
            the size and only its colours are brought to the model's.
        polarity: of the picture; `auto` looks at its ground, `keep` never negates.
        trim: cut the picture to its subject.
        cutout: `auto` cuts garments out of a ground that is not plain.
        value_range: the values in the file that are black and white.
    """

    prepare: Prepare = "auto"
    polarity: PicturePolarity = "auto"
    trim: bool = True
    cutout: Cutout = "auto"
    value_range: Range = AUTO_RANGE


def parse_range(text: str) -> Range:
    """Parse `--range`: auto, full, or two values as 0:4095.

    Raises:
        OptionError: another text, or values that do not ascend.
    """
    words: dict[str, Range] = {"auto": "auto", "full": "full"}
    if text in words:
        return words[text]
    try:
        low, high = map(float, text.split(":"))
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError
    except ValueError as error:
        raise OptionError(
            f"--range must be auto, full or two ascending values, got {text!r}.",
            option="--range",
            hint="For a camera of 12 bits: --range 0:4095",
        ) from error
    return low, high
