"""The connected parts of a mask."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


def label_parts(mask: Bools, *, corners: bool = False) -> npt.NDArray[np.int64]:
    """Return the number of each pixel's part (H, W), from 1; 0 outside the mask.

    Args:
        mask: (H, W).
        corners: parts touch also at corners, not only along sides.
    """
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    stops = np.nonzero(steps == -1)[1]
    parents = list(range(len(rows)))
    for run, above in _touching(rows, starts, stops, mask.shape[1] + 2, int(corners)):
        first, second = sorted((_root(parents, run), _root(parents, above)))
        parents[second] = first
    roots = np.array([_root(parents, run) for run in range(len(parents))], np.int64)
    labels = np.zeros(mask.shape, np.int64)
    labels[mask] = np.repeat(np.searchsorted(np.unique(roots), roots) + 1, stops - starts)
    return labels


def connected(seeds: Bools, mask: Bools) -> Bools:
    """Return the parts of a mask (H, W) that hold pixels of `seeds`."""
    labels = label_parts(mask)
    kept = np.zeros(int(labels.max(initial=0)) + 1, bool)
    kept[labels[seeds]] = True
    kept[0] = False
    return kept[labels]


def _touching(
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    width: int,
    reach: int,
) -> list[tuple[int, int]]:
    """Return the pairs of runs, in rows one above the other, that touch.

    Args:
        rows: of each run (N,), ascending.
        starts: the first column of each run.
        stops: the column after each run.
        width: more than any column plus `reach`.
        reach: columns beyond its own in which a run touches others.
    """
    first = np.searchsorted(rows * width + stops, (rows - 1) * width + starts - reach, side="right")
    last = np.searchsorted(rows * width + starts, (rows - 1) * width + stops + reach, side="left")
    return [
        (run, above)
        for run, (low, high) in enumerate(zip(first.tolist(), last.tolist(), strict=True))
        for above in range(low, high)
    ]


def _root(parents: list[int], run: int) -> int:
    """Return the run that stands for the part of this one, and shorten the way to it."""
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run
