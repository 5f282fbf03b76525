"""The quality of samples by features that were computed elsewhere, such as those of Inception or DINOv2."""

import hashlib
import os
import pathlib
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaecli.data.arrays.header import read_header
from vaecli.errors import DataError
from vaecli.metrics.samples.compare import compare
from vaecli.paths import shown, user_path
from vaecli.tasks.inputs import Progress, Warn, silent
from vaecli.tasks.quality.result import FeaturesUsed, Quality
from vaecli.tasks.quality.sets import SAMPLES, warn_if_equal
from vaecli.tasks.quality.steps import Steps

METRIC_STEPS = 3  # of a comparison
_ARCHIVE = b"PK\x03\x04"  # the first bytes of an .npz
_WRITE = "Write it with np.save('features.npy', features)."


def measure_features(
    features: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    *,
    lengths: tuple[int | None, int | None] = (None, None),
    warn: Warn = silent,
    progress: Progress = silent,
) -> Quality:
    """Compare the features of samples with those of real images.

    Args:
        features: .npy file (M, F) of the samples.
        reference: .npy file (N, F) of the real images.
        lengths: numbers of pictures that the files must belong to, samples first; None where that is not known.
        warn: receives that the files have different or small numbers of rows.
        progress: what is done, number so far, number in all.

    Raises:
        DataError: a file that cannot be read, of another length, or with features that cannot be compared.
    """
    arrays = [read_features(path) for path in (features, reference)]
    for path, array, length in zip((features, reference), arrays, lengths, strict=True):
        if length is not None and len(array) != length:
            raise DataError(
                f"{shown(path)} must have a row for each of {length:,} pictures, got {len(array):,}.",
                hint="Row i belongs to picture i, in the order of the file or of the names in the folder.",
            )
    advance = Steps(progress).counter("Comparing features", METRIC_STEPS)
    comparison = compare(arrays[1], arrays[0], step=lambda _metric: advance(1))
    warn_if_equal(arrays[0], warn)
    _note_lengths(len(arrays[0]), len(arrays[1]), warn)
    digest = hashlib.sha256(np.ascontiguousarray(arrays[1]).data).hexdigest()
    name = pathlib.Path(features).name
    used = FeaturesUsed("file", name, digest, int(arrays[0].shape[1]))
    described = {"name": pathlib.Path(reference).name, "n_images": len(arrays[1])}
    return Quality(used, described, {"samples": (comparison,)})


def _note_lengths(samples: int, reference: int, warn: Warn) -> None:
    if samples != reference:
        warn(f"{samples:,} samples are compared with {reference:,} real images; take as many of both.")
    elif samples < SAMPLES:
        warn(f"Only {samples:,} images are compared: distances are larger than with {SAMPLES:,}.")


def read_features(path: str | os.PathLike[str]) -> npt.NDArray[Any]:
    """Read a .npy file; what it holds is checked where it is compared.

    Raises:
        DataError: the file cannot be read, is not a .npy file, or is damaged.
    """
    place = user_path(path, option="--features")
    try:
        with place.open("rb") as file:
            _require_whole(file, place)
            file.seek(0)
            array: npt.NDArray[Any] = np.load(file, allow_pickle=False)
    except OSError as error:
        raise DataError(f"Cannot read {shown(place)}: {error.strerror or error}.") from error
    except (ValueError, EOFError) as error:
        raise _not_numbers(place, str(error)[:100]) from error
    return array


def _require_whole(file: IO[bytes], place: pathlib.Path) -> None:
    """Refuse an archive, a damaged header, and data of another size than it says, before they are allocated.

    Raises:
        DataError: the file is one of these.
        OSError: the file cannot be read.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(_ARCHIVE)) == _ARCHIVE:
        raise _not_numbers(place, "it is an archive of arrays, or the beginning of one")
    file.seek(0)
    read_header(file, size, shown(place))


def _not_numbers(place: pathlib.Path, reason: str) -> DataError:
    return DataError(f"{shown(place)} must be a .npy file of numbers: {reason.rstrip('.')}.", hint=_WRITE)
