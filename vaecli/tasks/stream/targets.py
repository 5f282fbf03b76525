"""The files a command would replace, compared with those it reads."""

import dataclasses
import functools
import os
import pathlib
import re

from vaecli.data.collection.entries import METADATA, has_picture_suffix
from vaecli.errors import VaecliError
from vaecli.paths import user_path

_NUMBERED = re.compile(
    r"\d{6}.*\.png", re.ASCII
)  # pictures, or maps of them, in a folder that a command writes


@dataclasses.dataclass(frozen=True)
class Targets:
    """Files and folders that exist, and that a command may replace.

    Attributes:
        paths: the output itself, and if that is a folder, the numbered pictures in it; none if nothing is there.
    """

    paths: tuple[pathlib.Path, ...]

    @classmethod
    def of(cls, output: pathlib.Path) -> "Targets":
        """Return what writing a file or a folder may replace."""
        if not output.exists():
            return cls(())
        inside = output.iterdir() if output.is_dir() else ()
        return cls((output, *(path for path in inside if _NUMBERED.fullmatch(path.name))))

    def include(self, name: str | os.PathLike[str]) -> bool:
        """Return whether a name leads to one of them, also through a link."""
        return _identity(name) in self._identities

    def include_any_of(self, folder: str, names: list[str]) -> bool:
        """Return whether one of them is a picture of a folder by its name there, or a table of its labels."""
        inside = self._inside(folder)
        return any(map(_is_table, inside)) or (bool(inside) and any(name in inside for name in names))

    def include_part_of(self, folder: str) -> bool:
        """Return whether one of them is any picture of a folder, or a table of its labels."""
        return any(has_picture_suffix(name) or _is_table(name) for name in self._inside(folder))

    @functools.cached_property
    def _identities(self) -> frozenset[tuple[int, int] | None]:
        return frozenset(map(_identity, self.paths)) - {None}

    def _inside(self, folder: str) -> set[str]:
        """Return their names as seen from a folder, with `/`, of those in it. Links are followed."""
        location = pathlib.Path(os.path.realpath(folder))
        real = (pathlib.Path(os.path.realpath(path)) for path in self.paths)
        return {path.relative_to(location).as_posix() for path in real if path.is_relative_to(location)}


def _is_table(name: str) -> bool:
    return pathlib.PurePosixPath(name).name in METADATA


def _identity(name: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Return what is equal for two names of one file or folder; None if nothing is there."""
    try:
        status = user_path(name).stat()
    except (OSError, ValueError, VaecliError):
        return None
    return status.st_dev, status.st_ino
