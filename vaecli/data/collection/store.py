"""The cache of users' pictures: a folder for each source, in it a generation for each reading."""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

from vaecli import files, locks
from vaecli.cache import CACHE_HINT, cache_root
from vaecli.data.collection.generation import Generation
from vaecli.errors import DataError
from vaecli.paths import shown

FOLDER = "pictures"  # in the cache
_SOURCE = "source.json"


@dataclasses.dataclass(frozen=True)
class CacheState:
    """The state of the cache for one source.

    Attributes:
        source: the path of the folder or archive.
        pictures: the number of pictures in its newest complete generation; 0 if there is none.
        size: bytes on the disk.
        last_used: seconds since 1970.
        in_use: whether a process reads or builds it; None where that cannot be known.
    """

    source: str
    pictures: int
    size: int
    last_used: float
    in_use: bool | None


@dataclasses.dataclass(frozen=True)
class Cleared:
    """Bytes that were freed, and the sources that were kept because a process uses them."""

    freed: int
    kept: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class SourceCache:
    """The folder of one source in the cache; its lock lies beside it, so that the folder can be removed."""

    folder: pathlib.Path

    @classmethod
    def of(cls, location: str) -> "SourceCache":
        """Return the place for the source at `location`.

        Raises:
            DataError: there is no folder for the cache.
        """
        root = cache_root()
        if root is None:
            raise DataError(
                "There is no place for the decoded pictures: the home folder is not known.", hint=CACHE_HINT
            )
        path = os.path.realpath(location)
        readable = re.sub(r"[^A-Za-z0-9]+", "-", pathlib.Path(path).name).strip("-")[:40] or "pictures"
        digest = hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()
        return cls(root / FOLDER / f"{readable}-{digest}")

    @property
    def lock(self) -> pathlib.Path:
        """The file to lock while the folder is changed; it stays when the folder is removed."""
        return self.folder.with_name(f"{self.folder.name}.lock")

    @property
    def source(self) -> str:
        """Path of the source; the name of the folder if its note is damaged."""
        try:
            path = json.loads((self.folder / _SOURCE).read_text(encoding="utf-8"))["path"]
            return str(path)
        except (OSError, ValueError, KeyError, TypeError):
            return self.folder.name

    def prepare(self, location: str) -> None:
        """Make the folder and note the path of its source.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.source == self.folder.name:
            files.write_text(self.folder / _SOURCE, json.dumps({"path": os.path.realpath(location)}))

    def generations(self) -> list[Generation]:
        """Return the generations of this format, the last used first."""
        with contextlib.suppress(OSError):
            folders = [path for path in self.folder.iterdir() if path.is_dir()]
            read = (Generation.read(path) for path in sorted(folders, key=_last_used, reverse=True))
            return [generation for generation in read if generation is not None]
        return []

    def new(self, about: dict[str, Any]) -> Generation:
        """Return a generation in a folder that does not exist yet."""
        digest = hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=6).hexdigest()
        number = 1
        while (self.folder / f"{digest}-{number}").exists():
            number += 1
        return Generation(self.folder / f"{digest}-{number}", about)

    def remove_outdated(self, current: Generation) -> None:
        """Remove what `current` replaces and nobody uses: the same reading of other files, other decoders."""
        for generation in self.generations():
            outdated = generation.alike(current.about, "reading") or not generation.alike(
                current.about, "decoders"
            )
            if outdated and generation.folder != current.folder and locks.is_unused(generation.lock):
                shutil.rmtree(generation.folder, ignore_errors=True)

    def size(self) -> int:
        """Return the bytes of all files in the folder."""
        return sum(path.stat().st_size for path in _files(self.folder))

    def in_use(self) -> bool | None:
        """Return whether a process reads a generation, or builds one; None where that cannot be known."""
        uses = [locks.is_unused(generation.lock) for generation in self.generations()]
        uses.append(locks.is_unused(self.lock))
        return True if False in uses else None if None in uses else False


def cached_sources() -> Iterator[SourceCache]:
    """Yield the sources in the cache, by name."""
    root = cache_root()
    with contextlib.suppress(OSError):
        if root is not None:
            for folder in sorted((root / FOLDER).iterdir()):
                if folder.is_dir():
                    yield SourceCache(folder)


def states() -> list[CacheState]:
    """Return what the cache keeps of each source."""
    return [_state(cache) for cache in cached_sources()]


def clear(source: str | None = None) -> Cleared:
    """Remove what the cache keeps of one source, or of all; what a process uses stays.

    Raises:
        DataError: nothing is kept of `source`.
    """
    caches = list(cached_sources())
    if source is not None:
        folder = SourceCache.of(source).folder
        caches = [cache for cache in caches if folder == cache.folder or cache.source == source]
        if not caches:
            raise DataError(f"The cache has nothing of {shown(source)}.")
    freed, kept = 0, []
    for cache in caches:
        before, name = cache.size(), cache.source
        if not _clear(cache):
            kept.append(name)
        freed += before - cache.size()
    return Cleared(freed, tuple(kept))


def _clear(cache: SourceCache) -> bool:
    """Remove the folder of a source, or the generations that no process uses; return whether all is gone."""
    try:
        with locks.exclusive(cache.lock, without_locks=lambda _: None):
            used = [item for item in cache.generations() if locks.is_unused(item.lock) is False]
            if not used:
                shutil.rmtree(cache.folder, ignore_errors=True)
            for path in cache.folder.iterdir() if used else ():
                if path.is_dir() and path not in {item.folder for item in used}:
                    shutil.rmtree(path, ignore_errors=True)
    except locks.LockHeldError:
        return False
    return not cache.folder.exists()


def _state(cache: SourceCache) -> CacheState:
    complete = [item for item in cache.generations() if item.complete.exists()]
    pictures = int(complete[0].about["pictures"]) if complete else 0
    last_used = max(
        (_last_used(item.folder) for item in cache.generations()), default=_last_used(cache.folder)
    )
    return CacheState(cache.source, pictures, cache.size(), last_used, cache.in_use())


def _last_used(folder: pathlib.Path) -> float:
    """Return when a generation was last used, in seconds since 1970: its lock is touched by each use."""
    for path in (folder / "lock", folder):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return 0.0


def _files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                yield path
