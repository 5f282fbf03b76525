"""Saved evaluations as .npz files, which `numpy.load` reads without pickle.

    about.npy      uint8 (n,), JSON in UTF-8: format, metrics, conditions, model, quality of samples; see `about`
    <metric>.npy   float64 (N,), the value of each image: elbo.npy, mse.npy ...

Members are stored, not compressed. The comment of the archive, the last 64 bytes of the file, is the SHA-256 of all
bytes before it, in hexadecimal. So any changed bit is seen, and nothing is larger in memory than the file.
"""

import hashlib
import math
import os
import pathlib
import stat
import zipfile
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaecli import files
from vaecli.commands import command
from vaecli.errors import DataError
from vaecli.files import IfTaken
from vaecli.metrics.probes import METHODS
from vaecli.metrics.saved import about
from vaecli.metrics.saved.evaluation import SavedEvaluation
from vaecli.metrics.table import METRICS
from vaecli.npz import read_npy_header, write_member
from vaecli.paths import shown

SUFFIX = ".npz"
_MAKE = f"Make one: {command('eval', '--save', 'FILE.npz')}"
ABOUT = "about"
DIGITS = 64  # of a SHA-256
MOST_BYTES = 2**30  # of a file: 15 million images
MOST_MEMBERS = 64
_CHUNK = 2**20
_DTYPES = {ABOUT: np.dtype("u1")}
_FLOAT = np.dtype("<f8")


def write(path: pathlib.Path, evaluation: SavedEvaluation, *, if_taken: IfTaken = "refuse") -> pathlib.Path:
    """Write an evaluation, whole or not at all, and return the path.

    Raises:
        OutputError: the file cannot be written, or is taken.
    """
    arrays: dict[str, npt.NDArray[Any]] = {ABOUT: np.frombuffer(about.to_json(evaluation), np.uint8)}
    arrays |= evaluation.per_image
    with files.replacing(path, if_taken=if_taken) as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                dtype = _DTYPES.get(name, _FLOAT)
                write_member(archive, name, [array], shape=array.shape, dtype=dtype)
            archive.comment = b"0" * DIGITS
        size = file.seek(0, os.SEEK_END)
        digest = _digest(file, size)
        file.seek(size - DIGITS)
        file.write(digest)
    return file.path


def is_saved(path: pathlib.Path) -> bool:
    """Return whether a file looks like a saved evaluation: an archive that begins with `about.npy`."""
    try:
        with path.open("rb") as file:
            start = file.read(30 + len(ABOUT) + 4)
    except OSError:
        return False
    return start.startswith(b"PK\x03\x04") and start.endswith(f"{ABOUT}.npy".encode())


def read(path: pathlib.Path) -> SavedEvaluation:
    """Read a whole evaluation.

    Raises:
        DataError: the file cannot be read, is not a saved evaluation, is damaged, or of another format.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(
                f"{shown(path)} must be a saved evaluation, got a folder, a pipe or a device.", hint=_MAKE
            )
        with path.open("rb") as file:
            return _read(file, path)
    except OSError as error:
        raise DataError(f"Cannot read {shown(path)}: {error.strerror or error}.", hint=_MAKE) from error


def _read(file: IO[bytes], path: pathlib.Path) -> SavedEvaluation:
    size = file.seek(0, os.SEEK_END)
    if size > MOST_BYTES:
        raise DataError(f"{shown(path)} must have at most {MOST_BYTES:,} bytes, got {size:,}.")
    if not is_saved(path):
        raise DataError(f"{shown(path)} is not a saved evaluation.", hint=_MAKE)
    digest = _digest(file, size)
    file.seek(max(0, size - DIGITS))
    if file.read() != digest:
        raise _damaged(path, "its content does not match its SHA-256")
    try:
        arrays = _arrays(file, size)
        evaluation = SavedEvaluation(
            **about.from_json(arrays.pop(ABOUT).tobytes()),
            per_image=arrays,
        )
        _require_consistent(evaluation)
    except about.OtherFormatError as error:
        raise DataError(
            f"{shown(path)} must have format {about.FORMAT}, got {error}.",
            hint="Another version of vaecli made it: pip install --upgrade vaecli, or evaluate again.",
        ) from error
    except (ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(path, str(error)[:200] or type(error).__name__) from error
    return evaluation


def _arrays(file: IO[bytes], size: int) -> dict[str, npt.NDArray[Any]]:
    """Read all members: arrays of the one type that each may have, no larger together than the file."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [member.filename.removesuffix(".npy") for member in members]
        if len(members) > MOST_MEMBERS or len(set(names)) != len(names):
            raise ValueError("it has too many members, or two of one name")
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("a member is compressed")
        if sum(member.file_size for member in members) > size:
            raise ValueError("its members overlap")
        for name, member in zip(names, members, strict=True):
            with archive.open(member) as stream:
                arrays[name] = _array(stream, name, member.file_size)
    return arrays


def _array(stream: IO[bytes], name: str, size: int) -> npt.NDArray[Any]:
    shape, _, dtype = read_npy_header(stream)
    if dtype != _DTYPES.get(name, _FLOAT) or len(shape) != 1:
        raise ValueError(f"{name} is an array of {dtype} of the shape {shape}")
    if math.prod(shape) * dtype.itemsize > size or (name == ABOUT and shape[0] > about.MOST_BYTES):
        raise ValueError(f"{name} is too large")
    content = stream.read()
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} has another length than its header says")
    return np.frombuffer(content, dtype)


def _require_consistent(evaluation: SavedEvaluation) -> None:
    """Refuse arrays that are not metrics, or not of N images, at least one; and metrics without values."""
    if evaluation.conditions.n_images < 1:
        raise ValueError(f"it is of {evaluation.conditions.n_images:,} images")
    totals = evaluation.totals.keys()
    if not totals <= METRICS.keys() - evaluation.per_image.keys():
        raise ValueError("a figure of all images is no metric, or stands beside values of each image")
    for name, values in evaluation.per_image.items():
        is_metric = name in METRICS or (evaluation.probes is not None and name in METHODS)
        if not is_metric or len(values) != evaluation.conditions.n_images:
            raise ValueError(f"{name[:40]} is no metric of {evaluation.conditions.n_images:,} images")
    missing = set(evaluation.metrics) - evaluation.per_image.keys() - totals - {"kl_dim"}
    if missing:
        raise ValueError(f"there are no values of {', '.join(sorted(missing))[:200]}")
    quality = evaluation.quality
    if quality and not quality.is_consistent:
        raise ValueError("the metrics of samples do not fit together")
    if evaluation.probes and not evaluation.probes.is_consistent:
        raise ValueError("the metrics of latents do not fit together")


def _digest(file: IO[bytes], size: int) -> bytes:
    """Return the SHA-256 of all but the last `DIGITS` bytes of a file, in hexadecimal."""
    hasher, left = hashlib.sha256(), max(0, size - DIGITS)
    file.seek(0)
    while left and (block := file.read(min(_CHUNK, left))):
        hasher.update(block)
        left -= len(block)
    return hasher.hexdigest().encode()


def _damaged(path: pathlib.Path, reason: str) -> DataError:
    return DataError(
        f"The saved evaluation {shown(path)} is damaged: {reason}.", hint="Copy it again, or evaluate again."
    )
