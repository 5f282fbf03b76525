"""From what a user says after --data to images: a folder, the cache, the system's package, the network."""

import dataclasses
import functools
import pathlib
import sys
from typing import Literal

from vaecli.choices import Split
from vaecli.data.idx.folder import holds_idx, load_folder
from vaecli.data.idx.format import looks_whole
from vaecli.data.images import ImageSet
from vaecli.data.named.bundled import load_mini
from vaecli.data.named.catalogue import CATALOGUE, FASHION_MNIST, FASHION_MNIST_MINI, DataSet, lookup
from vaecli.data.named.fetch import Progress, Warn, cache_root, fetch, keep_if_right, silent
from vaecli.errors import DataError

State = Literal["bundled", "cached", "installed", "not here"]


def _installed_roots() -> tuple[pathlib.Path, ...]:
    roots = dict.fromkeys((pathlib.Path("/usr"), pathlib.Path(sys.prefix)))
    return tuple(root / "share" / "datasets" for root in roots)


@dataclasses.dataclass(frozen=True)
class Places:
    """Where data sets are looked for; `mirrors` replaces those of the catalogue."""

    cache: pathlib.Path = dataclasses.field(default_factory=cache_root)
    installed: tuple[pathlib.Path, ...] = dataclasses.field(default_factory=_installed_roots)
    mirrors: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True)
class DatasetState:
    """What `vaecli data` shows of a data set; `location` is empty where it is not here."""

    name: str
    description: str
    state: State
    location: str
    train_count: int
    test_count: int
    licence: str


def load(
    data: str | None,
    split: Split,
    *,
    download: bool = True,
    progress: Progress = silent,
    warn: Warn = silent,
    places: Places | None = None,
) -> ImageSet:
    """Load one split of a data set.

    `data` is a folder that holds IDX files, or one of the four names, looked for in the cache, in the folder
    of the Debian package, then (with `download`) on the mirrors. None is fashion-mnist if it can be had, else
    the bundled subset, which `warn` hears. Files cut short or wrong are named to `warn` and never used.

    Raises:
        DataError: an unknown name, a folder without such files, or a data set that cannot be had.
    """
    search = _Search(places or Places(), download, progress, _once(warn))
    if data is None:
        return search.default(split)
    folder = pathlib.Path(data).expanduser()
    if holds_idx(folder):
        return load_folder(folder, split)
    if data in CATALOGUE:
        return search.named(CATALOGUE[data], split)
    if folder.exists():
        what = "holds no IDX files" if folder.is_dir() else "is no folder"
        raise DataError(f"{data} {what}.", hint="A folder needs train-images-idx3-ubyte[.gz] and the like.")
    if any(mark in data for mark in "/\\~"):
        raise DataError(f"There is no folder {data}.", hint=f"Data sets by name: {', '.join(CATALOGUE)}.")
    return search.named(lookup(data), split)


def obtain(
    name: str, *, progress: Progress = silent, warn: Warn = silent, places: Places | None = None
) -> DatasetState:
    """Make sure that the whole of data set `name` is on this machine and right; say where.

    Raises:
        DataError: an unknown name, or a data set that cannot be had.
    """
    dataset, places = lookup(name), places or Places()
    search = _Search(places, True, progress, _once(warn))
    for split in ("train", "test"):
        search.named(dataset, split)
    return _state(dataset, places)


def states(places: Places | None = None) -> list[DatasetState]:
    """The state of every data set of the catalogue.

    Quick: "cached" and "installed" mean that the four files are there and that the length noted at the end of
    each is right. Hashes are computed when a data set is loaded.
    """
    places = places or Places()
    return [_state(dataset, places) for dataset in CATALOGUE.values()]


def _folders(dataset: DataSet, places: Places) -> dict[pathlib.Path, State]:
    """Folders that may hold the files of `dataset`, in the order of the search."""
    folders: dict[pathlib.Path, State] = {places.cache / dataset.name: "cached"}
    if dataset.package:
        folders |= {root / dataset.name: "installed" for root in places.installed}
    return folders


def _once(warn: Warn) -> Warn:
    """`warn` that says the same thing only once."""
    return functools.lru_cache(maxsize=None)(warn)


@dataclasses.dataclass(frozen=True)
class _Search:
    """One search for a data set: where, whether over the network, and who hears of it."""

    places: Places
    download: bool
    progress: Progress
    warn: Warn

    def default(self, split: Split) -> ImageSet:
        """Fashion-MNIST, else the subset and a warning."""
        try:
            return self.named(CATALOGUE[FASHION_MNIST.name], split)
        except DataError as error:
            ways = f"apt-get install {FASHION_MNIST.package}, or vaecli data fetch {FASHION_MNIST.name}"
            why = error.message.split(" Tried:")[0]
            self.warn(f"Using the bundled subset {FASHION_MNIST_MINI.name}. {why}\nFor all of it: {ways}.")
            return load_mini(split)

    def named(self, dataset: DataSet, split: Split) -> ImageSet:
        """One split from the first place that has it whole, or from the mirrors."""
        if dataset is FASHION_MNIST_MINI:
            return load_mini(split)
        for folder in _folders(dataset, self.places):
            if images := _from_folder(dataset, split, folder, self.warn):
                return images
        folder = self.places.cache / dataset.name
        try:
            if not self.download:
                raise DataError(f"{dataset.name} is not on this machine.")
            fetch(dataset, folder, mirrors=self.places.mirrors, progress=self.progress, warn=self.warn)
        except DataError as error:
            raise DataError(error.message, hint=f"{error.hint} {_ways(dataset)}".strip()) from error
        if images := _from_folder(dataset, split, folder, self.warn):
            return images
        raise DataError(f"{folder} changed while it was read.", hint="Try again.")


def _from_folder(dataset: DataSet, split: Split, folder: pathlib.Path, warn: Warn) -> ImageSet | None:
    """One split from the files in `folder`, each verified; None where one is missing or wrong."""
    files = dataset.file(split, "images"), dataset.file(split, "labels")
    if not all((folder / file.name).is_file() for file in files):
        return None
    pixels, labels = (keep_if_right(folder / file.name, file, warn=warn) for file in files)
    if pixels is None or labels is None:
        return None
    return ImageSet(
        dataset.name, split, pixels[..., None], labels.astype("int64"), dataset.class_names, str(folder)
    )


def _ways(dataset: DataSet) -> str:
    """How to get `dataset`, for the end of an error."""
    package = f"the Debian package (apt-get install {dataset.package}), " if dataset.package else ""
    subset = f"the bundled subset (--data {FASHION_MNIST_MINI.name})"
    return f"Ways to go on: try again with a network, {package}its IDX files (--data FOLDER), or {subset}."


def _state(dataset: DataSet, places: Places) -> DatasetState:
    def state(found: State, location: str) -> DatasetState:
        counts = dataset.train_count, dataset.test_count
        return DatasetState(dataset.name, dataset.description, found, location, *counts, dataset.licence)

    if dataset is FASHION_MNIST_MINI:
        return state("bundled", str(pathlib.Path(__file__).parent / "named" / "bundled_files"))
    for folder, found in _folders(dataset, places).items():
        if all(looks_whole(folder / file.name, file.length) for file in dataset.files):
            return state(found, str(folder))
    return state("not here", "")
