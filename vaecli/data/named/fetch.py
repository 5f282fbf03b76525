"""Data sets over the network: several mirrors in turn, verified by hash, whole or not there."""

import contextlib
import hashlib
import logging
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Sequence

import platformdirs

from vaecli.data.idx import format
from vaecli.data.named.catalogue import DataFile, DataSet
from vaecli.errors import DataError
from vaecli.pixels import Pixels

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes received and the bytes to come in all (0: the server does not say)."""
Warn = Callable[[str], None]

CONNECT_SECONDS = 4.0
READ_SECONDS = 15.0
_CHUNK = 2**16


def silent(*_: object) -> None:
    """Report to nobody: the default of every callback here."""


def cache_root() -> pathlib.Path:
    """The folder of all downloads: `VAECLI_CACHE` if it is set, else the user's cache folder."""
    return pathlib.Path(os.environ.get("VAECLI_CACHE") or platformdirs.user_cache_dir("vaecli", False))


def read_verified(path: pathlib.Path, file: DataFile) -> Pixels:
    """Read the IDX file at `path` and prove by its hash that it is `file`.

    Raises:
        DataError: unreadable, cut short, or whole but with other content.
    """
    array = format.read_idx(path)
    if file.hash_of == "content":
        found = format.content_sha256(array)
    else:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        raise DataError(
            f"{path}: expected SHA-256 {file.sha256[:12]}..., its {file.hash_of} has {found[:12]}...."
        )
    return array


def fetch(
    dataset: DataSet,
    folder: pathlib.Path,
    *,
    mirrors: Sequence[str] | None = None,
    progress: Progress = silent,
    warn: Warn = silent,
) -> None:
    """Bring the files of `dataset` into `folder`; those that are there and right stay.

    Each mirror (a URL that ends in a slash; default: those of the catalogue) is tried in turn. What arrives
    cut short or wrong is reported to `warn`, thrown away, and asked of the next mirror. A file takes its name
    in `folder` only once it is verified. A mirror that fails is asked last for the files that follow.

    Raises:
        DataError: no mirror gave a file (each is listed with its reason), or `folder` cannot be written.
    """
    order = list(dataset.mirrors if mirrors is None else mirrors)
    for file in dataset.files:
        if keep_if_right(folder / file.name, file, warn=warn) is None:
            order = _fetch_file(file, folder, order, dataset.name, progress=progress, warn=warn)


def keep_if_right(path: pathlib.Path, file: DataFile, *, warn: Warn) -> Pixels | None:
    """The content of the file at `path`, or None where there is nothing or not `file`, which `warn` hears."""
    if not path.exists():
        return None
    try:
        return read_verified(path, file)
    except DataError as error:
        warn(f"Not used: {error}")
        return None


def _fetch_file(
    file: DataFile, folder: pathlib.Path, order: list[str], name: str, *, progress: Progress, warn: Warn
) -> list[str]:
    """Fetch one file; the mirrors in the order that served."""
    failures: list[str] = []
    for mirror in order:
        meter = _Meter(file, progress)
        with _writing(folder), _temporary_folder(folder) as temporary:
            try:
                path = _download(mirror + file.name, temporary, file, meter)
                read_verified(path, file)
            except DataError as error:
                reason = error.message.replace(str(temporary / file.name), file.name).rstrip(".")
                failures.append(f"{mirror} ({reason})")
                if meter.total is not None:
                    warn(f"Not used: {file.name} from {mirror}: {reason}.")
                continue
            path.replace(folder / file.name)
        return order[len(failures) :] + order[: len(failures)]
    tried = "; ".join(failures) or "no mirror"
    raise DataError(f"Could not download {file.name} of {name}. Tried: {tried}.")


def _download(url: str, folder: pathlib.Path, file: DataFile, meter: "_Meter") -> pathlib.Path:
    """Download with pooch into `folder`, unverified."""
    import pooch  # noqa: PLC0415 (brings requests: 0.1 s that work without network need not spend)
    import requests  # noqa: PLC0415

    pooch.get_logger().setLevel(logging.CRITICAL)
    downloader = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=_CHUNK,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        headers={"Accept-Encoding": "identity"},  # the .gz as it is, not unpacked on the way
    )
    try:
        return pathlib.Path(pooch.retrieve(url, None, file.name, folder, downloader=downloader))
    except (requests.RequestException, ValueError) as error:
        raise DataError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """What went wrong on the way, in a few words."""
    from requests import exceptions  # noqa: PLC0415

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    reasons: dict[type[Exception], str] = {  # the first that fits: some are kinds of ConnectionError
        exceptions.ConnectTimeout: f"no connection within {CONNECT_SECONDS:.0f} s",
        exceptions.Timeout: f"silent for {READ_SECONDS:.0f} s",
        exceptions.ChunkedEncodingError: "cut short on the way",
        exceptions.SSLError: "its TLS certificate was refused",
        exceptions.ProxyError: "the proxy refused",
        exceptions.ConnectionError: "no connection",
    }
    if "Read timed out" in str(error):  # in the middle of a file requests calls that a ConnectionError
        return reasons[exceptions.Timeout]
    short = (text for kind, text in reasons.items() if isinstance(error, kind))
    return next(short, f"{type(error).__name__}: {error}")


class _Meter:
    """The progress bar that pooch wants, passed on to a `Progress`; ends a download that has no end."""

    def __init__(self, file: DataFile, progress: Progress) -> None:
        self.total: int | None = None  # pooch sets it when a file begins to arrive; 0 for a length unknown
        self.received = 0
        self._file, self._progress = file, progress

    def update(self, count: int) -> None:
        self.received += count
        if self.received > self._file.length + 2**20:
            raise DataError(f"{self._file.name} is longer than it can be")
        shown = min(self.received, self.total) if self.total else self.received
        self._progress(self._file.name, shown, self.total or 0)

    def reset(self) -> None:
        self.received = 0

    def close(self) -> None:
        """Nothing to close."""


@contextlib.contextmanager
def _temporary_folder(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as name:
        yield pathlib.Path(name)


@contextlib.contextmanager
def _writing(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "Set VAECLI_CACHE to a folder that can be written."
        raise DataError(f"Cannot write the cache {folder}: {reason}.", hint=hint) from error
