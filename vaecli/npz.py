""".npz files of a run: written whole; read whole or refused with a reason."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli import files


class DamagedError(ValueError):
    """A file that is missing, unreadable or damaged; the text says why."""


def write_npz(path: pathlib.Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write named arrays as one file, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with files.replacing(path) as file:
        save = np.savez_compressed if compressed else np.savez
        save(file, **dict[str, Any](arrays))


def read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Read all arrays of a file; pickled objects are refused.

    Raises:
        DamagedError: the file is missing, unreadable or damaged. Every error of zipfile, zlib and numpy becomes
            this one: a flipped bit can raise zlib.error, NotImplementedError, tokenize.TokenError and others.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise DamagedError(error.strerror or str(error)) from error
    except Exception as error:
        raise DamagedError(str(error) or type(error).__name__) from error
