"""Download of a data set: several mirrors in turn, each file verified by its hash before it takes its name."""

import contextlib
import hashlib
import logging
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Sequence

from vaecli.cache import CACHE_HINT
from vaecli.data.idx import format
from vaecli.data.named.catalogue import DataFile, DataSet
from vaecli.errors import DataError
from vaecli.paths import shown
from vaecli.pixels import Pixels

Progress = Callable[[str, int, int], None]
"""Receives a file's name, the bytes received so far and the bytes in all (0: the server does not say)."""
Warn = Callable[[str], None]

CONNECT_SECONDS = 4.0
READ_SECONDS = 15.0
_CHUNK = 2**16


def silent(*_: object) -> None:
    """Ignore a report: the default of every callback here."""


def read_verified(path: pathlib.Path, file: DataFile) -> Pixels:
    """Read the IDX file at `path` and compare its hash with that of `file`.

    Raises:
        DataError: the file cannot be read, is cut short, or has another hash.
    """
    array = format.read_idx(path)
    if file.hash_of == "content":
        sha256 = format.content_sha256(array)
    else:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if sha256 != file.sha256:
        raise DataError(
            f"The {file.hash_of} of {path} must have the SHA-256 {file.sha256[:12]}..., got {sha256[:12]}..."
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
    """Download the files of `dataset` that are missing or wrong in `folder`.

    The mirrors are tried in turn. A file that arrives cut short or wrong is reported, removed, and requested from
    the next mirror; it takes its name in `folder` once it is verified. A mirror that failed is tried last for the
    files that follow.

    Args:
        dataset: the entry of the catalogue.
        folder: the folder of the files of `dataset`.
        mirrors: URLs that end in a slash; those of the catalogue if left out.
        progress: receives the progress of each file.
        warn: receives what was wrong with a file.

    Raises:
        DataError: no mirror gave a file (each is listed with its reason), or `folder` cannot be written.
    """
    order = list(dataset.mirrors if mirrors is None else mirrors)
    for file in dataset.files:
        if read_if_right(folder / file.name, file, warn=warn) is None:
            order = _fetch_file(file, folder, order, dataset.name, progress=progress, warn=warn)


def read_if_right(path: pathlib.Path, file: DataFile, *, warn: Warn) -> Pixels | None:
    """Read the file at `path`; return None if it is missing, or, with a warning, if its hash is wrong."""
    try:
        if not path.exists():
            return None
        return read_verified(path, file)
    except DataError as error:
        warn(f"Not used: {error}")
    except OSError as error:  # a folder that may not be entered
        warn(f"Not used: {shown(path)}: {error.strerror or error}.")
    return None


def _fetch_file(
    file: DataFile, folder: pathlib.Path, order: list[str], name: str, *, progress: Progress, warn: Warn
) -> list[str]:
    """Download one file; return the mirrors with the failed ones moved to the end."""
    failures: list[str] = []
    for mirror in order:
        meter = _Meter(file, progress)
        with _writing(folder), _temporary_folder(folder) as temporary:
            try:
                path = _download(mirror + file.name, temporary, file, meter)
                read_verified(path, file)
            except DataError as error:
                reason = error.message.replace(str(temporary / file.name), file.name).removesuffix(".")
                failures.append(f"{mirror} ({reason})")
                if meter.total is not None:
                    warn(f"Not used: {file.name} from {mirror}: {reason}.")
                continue
            path.replace(folder / file.name)
        return order[len(failures) :] + order[: len(failures)]
    tried = "; ".join(failures) or "no mirror"
    raise DataError(f"Could not download {file.name} of {name}. Tried: {tried}.")


def _download(url: str, folder: pathlib.Path, file: DataFile, meter: "_Meter") -> pathlib.Path:
    """Download with pooch into `folder`, without a check of the content."""
    import pooch  # noqa: PLC0415 (it imports requests: 0.1 s, needed for a download only)
    import requests  # noqa: PLC0415

    pooch.get_logger().setLevel(logging.CRITICAL)
    downloader = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=_CHUNK,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        headers={"Accept-Encoding": "identity"},  # else requests would unpack the .gz
    )
    try:
        return pathlib.Path(pooch.retrieve(url, None, file.name, folder, downloader=downloader))
    except (requests.RequestException, ValueError) as error:  # ValueError: a malformed length or URL
        raise DataError(_reason(error)) from error
    except OSError as error:
        if error.errno is not None:  # of the file system
            raise
        raise DataError(
            _reason(error)
        ) from error  # raised by requests if the file of certificates is missing


def _reason(error: Exception) -> str:
    """Return in a few words why a download failed."""
    from requests import exceptions  # noqa: PLC0415

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    reasons: dict[type[Exception], str] = {  # the first match counts: some are subclasses of ConnectionError
        exceptions.ConnectTimeout: f"no connection within {CONNECT_SECONDS:.0f} s",
        exceptions.Timeout: f"silent for {READ_SECONDS:.0f} s",
        exceptions.ChunkedEncodingError: "connection closed in the middle of the file",
        exceptions.SSLError: "its TLS certificate was refused",
        exceptions.ProxyError: "the proxy refused",
        exceptions.ConnectionError: "no connection",
    }
    if "Read timed out" in str(error):  # in the middle of a file, requests raises a ConnectionError
        return reasons[exceptions.Timeout]
    short = (text for kind, text in reasons.items() if isinstance(error, kind))
    return next(short, f"{type(error).__name__}: {error}")


class _Meter:
    """Progress bar in pooch's interface: reports to a `Progress`, and stops a download that is too long."""

    def __init__(self, file: DataFile, progress: Progress) -> None:
        self.total: int | None = None  # pooch sets it when a file begins to arrive; 0 for an unknown length
        self.received = 0
        self._file, self._progress = file, progress

    def update(self, count: int) -> None:
        self.received += count
        if self.received > self._file.length + 2**20:
            raise DataError(f"{self._file.name} is longer than its IDX content")
        shown = min(self.received, self.total) if self.total else self.received
        self._progress(self._file.name, shown, self.total or 0)

    def reset(self) -> None:
        self.received = 0

    def close(self) -> None:
        """Do nothing: pooch's interface requires the method."""


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
        raise DataError(f"Cannot write the cache {shown(folder)}: {reason}.", hint=CACHE_HINT) from error
