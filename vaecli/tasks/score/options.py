"""Options of a score."""

import dataclasses
import math
import os
from typing import Literal, TypeAlias

from vaecli import checks
from vaecli.choices import RANKED, ScoreComponent
from vaecli.errors import OptionError

ScoreBy: TypeAlias = Literal["score"] | ScoreComponent
THRESHOLD = 99.0  # percentile from which pictures count as strange, where no other is given
MAX_TOP = 1000
MAX_TOP_BYTES = 2**27  # of the images of a sheet


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """The component to rank pictures by, and the targets for the strangest.

    Attributes:
        by: `score`, or the component that takes its place.
        threshold: percentile, 0 to 100; pictures at or above it are marked.
        fail_above: percentile, 0 to 100; the caller fails if a picture is at or above it.
        top: number of the strangest pictures to list.
        sheet: PNG of these to write.
        heatmaps: folder for a map of each picture.
        normal: name, or unique part of it, of the class that is normal; pictures of others should be strange.

    Raises:
        OptionError: a value out of its range.
    """

    by: ScoreBy = "score"
    threshold: float | None = None
    fail_above: float | None = None
    top: int = 10
    sheet: str | os.PathLike[str] | None = None
    heatmaps: str | os.PathLike[str] | None = None
    normal: str | None = None

    def __post_init__(self) -> None:
        checks.choice(self.by, "--by", RANKED)
        for value, option in ((self.threshold, "--threshold"), (self.fail_above, "--fail-above")):
            if value is not None:
                _require_percentile(value, option)
        checks.integer(self.top, "--top", least=0, most=MAX_TOP)
        if self.sheet is not None and self.top == 0:
            raise OptionError("--top must be at least 1 with --sheet, got 0.", option="--top")

    @property
    def line(self) -> float:
        """The percentile from which pictures count as strange."""
        return THRESHOLD if self.threshold is None else self.threshold

    def require_room(self, shape: tuple[int, int, int]) -> None:
        """Refuse a sheet of more images of `shape` (H, W, C) than may be in memory.

        Raises:
            OptionError: it is refused.
        """
        most = max(1, MAX_TOP_BYTES // math.prod(shape))
        if self.sheet is not None and self.top > most:
            raise OptionError(
                f"--top must be at most {most} for a sheet of images of this size, got {self.top}.",
                option="--top",
            )


def _require_percentile(value: float, option: str) -> None:
    number = checks.real(value, option, least=0.0)
    if number > 100.0:
        raise OptionError(
            f"{option} must be a percentile, 0 to 100, got {checks.shown(value)}.", option=option
        )
