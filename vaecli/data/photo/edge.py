"""The edge of a table: a straight line through a photo where two grounds meet.

Along the border the colours change twice, where the line begins and where it ends. Taking the step between the two
grounds off one of them leaves a picture of one ground, in which all differs from the ground beside it as before.
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.data.photo.oklab import Floats

Point = npt.NDArray[np.float64]

_STEP = 0.05  # OKLab: the smallest difference of two grounds; smaller ones pass as one
_EXPLAINED = 0.8  # of the variance along the border: what a split into two grounds explains at least
_ABRUPT = 0.6  # of the step: what lies within a few pixels of the line at least, near both its ends
_NEAR = (2.5, 6.0)  # pixels from the line to the grounds that are compared beside it
_ENDS = (3, 8)  # pixels from the border to the places along the line where they are compared
_SHORTEST = 8  # pixels of the border that each ground has at least
_SHADED = 5.0  # pixels from the line within which the edge casts a shadow
_SHADE = (0.03, 0.2)  # OKLab: how much darker such a shadow is than the ground
_TINT = 0.04  # OKLab: how much its colour may differ
_MIXED = 2.0  # pixels from the line within which the grounds mix


@dataclasses.dataclass(frozen=True, eq=False)
class Edge:
    """A straight line where two grounds meet.

    Attributes:
        point: (row, column) on the line, 0 to 1 in the picture.
        normal: (row, column), in pixels of the small copy for the height and the width of the picture.
        ground: (3,) OKLab, behind the line.
        step: (3,) OKLab, the ground that the normal points to, less the other.
    """

    point: Point
    normal: Point
    ground: Floats
    step: Floats

    def beyond(self, shape: tuple[int, ...]) -> Floats:
        """Return the pixels of the small copy from the line to each pixel (H, W); negative behind the line."""
        rows, columns = ((np.arange(length, dtype=np.float32) + 0.5) / length for length in shape[:2])
        down, across = (rows - self.point[0]) * self.normal[0], (columns - self.point[1]) * self.normal[1]
        return np.asarray(down[:, None] + across, np.float32)

    def flattened(self, colours: Floats, beyond: Floats) -> Floats:
        """Return colours (..., 3) as if the ground behind the line were the only one.

        Args:
            colours: OKLab.
            beyond: (...), where they are; see there.
        """
        mixed = ((colours - self.ground) @ self.step / (self.step @ self.step)).clip(0, 1)
        share = np.where(np.abs(beyond) < _MIXED, mixed, beyond > 0)
        flat = np.asarray(colours - share[..., None] * self.step, np.float32)
        difference = flat - self.ground
        shade = (difference[..., 0] > -_SHADE[1]) & (difference[..., 0] < -_SHADE[0])
        shade &= (np.hypot(difference[..., 1], difference[..., 2]) < _TINT) & (np.abs(beyond) < _SHADED)
        flat[shade] = self.ground
        return flat


def find_edge(colours: Floats) -> Edge | None:
    """Find the line where two grounds of a small picture (H, W, 3) meet; None if there is one ground."""
    ring = _ring(colours.shape)
    along = colours[ring[:, 0], ring[:, 1]]
    first, last, explained = _best_split(along)
    if explained < _EXPLAINED:
        return None
    start, stop = ((ring[i] + ring[i - 1]) / 2 for i in (first, last))
    direction = stop - start
    length = float(np.hypot(*direction))
    if length < 2 * _ENDS[1]:
        return None
    normal = np.array([direction[1], -direction[0]]) / length
    within = np.zeros(len(along), bool)
    within[first : last or len(along)] = True
    if float(np.median((ring[within] - start) @ normal)) < 0:
        normal = -normal
    ground = np.median(along[~within], axis=0)
    step = np.median(along[within], axis=0) - ground
    if float(np.linalg.norm(step)) < _STEP or not _is_seen(colours, start, stop, normal, step):
        return None
    size = np.array(colours.shape[:2])
    return Edge((start + 0.5) / size, normal * size, ground, step)


def _ring(shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return (row, column) of the outermost pixels, once around the picture."""
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    last_row, last_column = shape[0] - 1, shape[1] - 1
    sides = (
        (np.zeros_like(columns), columns),
        (rows[1:], np.full_like(rows[1:], last_column)),
        (np.full_like(columns[1:], last_row), columns[-2::-1]),
        (rows[-2:0:-1], np.zeros_like(rows[-2:0:-1])),
    )
    return np.concatenate([np.stack(side, axis=1) for side in sides])


def _best_split(along: Floats) -> tuple[int, int, float]:
    """Split the colours (N, 3) around a picture into those from `first` to before `last` and the others.

    Returns first, last, and the share of the variance that two means explain.
    """
    count = len(along)
    centred = (along - along.mean(axis=0)).astype(np.float64)
    total = float((centred**2).sum())
    sums = np.concatenate([np.zeros((1, 3)), np.cumsum(centred, axis=0)])
    lengths = np.arange(count + 1)[None] - np.arange(count + 1)[:, None]
    valid = (lengths >= _SHORTEST) & (lengths <= count - _SHORTEST)
    squares = sum((sums[None, :, c] - sums[:, None, c]) ** 2 for c in range(3))
    # both means follow from one sum, because all colours sum to nothing
    gain = np.where(valid, squares * count / np.maximum(lengths * (count - lengths), 1), 0)
    first, last = divmod(int(gain.argmax()), count + 1)
    return first, last % count, float(gain.max()) / max(total, 1e-9)


def _is_seen(colours: Floats, start: Point, stop: Point, normal: Point, step: Floats) -> bool:
    """Say whether the colours change by the step across the line, near both its ends.

    Where a subject reaches over the border of the picture, they change along the border, but not there.
    """
    direction = (stop - start) / np.hypot(*(stop - start))
    for end, inward in ((start, direction), (stop, -direction)):
        places = end + np.arange(*_ENDS)[:, None] * inward
        beyond, behind = (_colour_beside(colours, places, sign * normal) for sign in (1, -1))
        if beyond is None or behind is None:
            return False
        if float((beyond - behind) @ step) < _ABRUPT * float(step @ step):
            return False
    return True


def _colour_beside(colours: Floats, places: Point, normal: Point) -> Floats | None:
    """Return the median colour (3,) a few pixels from places (N, 2) on a line; None outside the picture."""
    points = np.rint(places[:, None] + np.arange(*_NEAR)[:, None] * normal).astype(int).reshape(-1, 2)
    rows, columns = points[((points >= 0) & (points < colours.shape[:2])).all(axis=1)].T
    return np.asarray(np.median(colours[rows, columns], axis=0)) if len(rows) else None
