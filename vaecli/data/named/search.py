"""The search for a data set known by name: the cache, the folder of the system's package, the mirrors."""

import dataclasses
import functools
import pathlib
import sys
from typing import Literal

from vaecli.cache import cache_root
from vaecli.choices import Split
from vaecli.commands import command
from vaecli.data.idx.format import looks_whole
from vaecli.data.images import ImageSet
from vaecli.data.named.bundled import load_mini
from vaecli.data.named.catalogue import CATALOGUE, FASHION_MNIST, FASHION_MNIST_MINI, DataSet, lookup
from vaecli.data.named.fetch import Progress, Warn, fetch, read_if_right, silent
from vaecli.errors import DataError

State = Literal["bundled", "cached", "installed", "not here"]


def _installed_roots() -> tuple[pathlib.Path, ...]:
    roots = dict.fromkeys((pathlib.Path("/usr"), pathlib.Path(sys.prefix)))
    return tuple(root / "share" / "datasets" for root in roots)


@dataclasses.dataclass(frozen=True)
class Places:
    """The places where data sets are looked for.

    Attributes:
        cache: the folder of downloads; None if no home folder is known.
        installed: folders of the system's packages.
        mirrors: URLs to use in place of those of the catalogue; None for those of the catalogue.
    """

    cache: pathlib.Path | None = dataclasses.field(default_factory=cache_root)
    installed: tuple[pathlib.Path, ...] = dataclasses.field(default_factory=_installed_roots)
    mirrors: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True)
class DatasetState:
    """A line of `vaecli data`; `location` is empty if the data set is not on this machine."""

    name: str
    description: str
    state: State
    location: str
    train_count: int
    test_count: int
    licence: str


def obtain(
    name: str, *, progress: Progress = silent, warn: Warn = silent, places: Places | None = None
) -> DatasetState:
    """Load both splits of data set `name`, downloading what is missing or wrong; return the data set's location.

    Raises:
        DataError: an unknown name, or a data set that cannot be had.
    """
    dataset, places = lookup(name), places or Places()
    search = Search(places, True, progress, once(warn))
    for split in ("train", "test"):
        search.named(dataset, split)
    return _state(dataset, places)


def states(places: Places | None = None) -> list[DatasetState]:
    """Return the state of every data set of the catalogue.

    "cached" and "installed" mean that all four files are there with the right lengths. Hashes take longer: they are
    compared when a data set is loaded.
    """
    places = places or Places()
    return [_state(dataset, places) for dataset in CATALOGUE.values()]


def _folders(dataset: DataSet, places: Places) -> dict[pathlib.Path, State]:
    """Return the folders that may hold the files of `dataset`, in the order of the search."""
    folders: dict[pathlib.Path, State] = {places.cache / dataset.name: "cached"} if places.cache else {}
    if dataset.package:
        folders |= {root / dataset.name: "installed" for root in places.installed}
    return folders


def once(warn: Warn) -> Warn:
    """Return a function that passes each distinct message to `warn` only once."""
    return functools.lru_cache(maxsize=None)(warn)


@dataclasses.dataclass(frozen=True)
class Search:
    """A search for a data set: the places, whether it may download, and the receivers of messages."""

    places: Places
    download: bool
    progress: Progress
    warn: Warn

    def default(self, split: Split) -> ImageSet:
        """Load Fashion-MNIST; if that fails, load the bundled subset, with a warning."""
        try:
            return self.named(CATALOGUE[FASHION_MNIST.name], split)
        except DataError as error:
            ways = (
                f"apt-get install {FASHION_MNIST.package}, or {command('data', 'fetch', FASHION_MNIST.name)}"
            )
            reason = error.message.split(" Tried:")[0]
            self.warn(f"Using the bundled subset {FASHION_MNIST_MINI.name}. {reason}\nFor all of it: {ways}.")
            return load_mini(split)

    def named(self, dataset: DataSet, split: Split) -> ImageSet:
        """Load one split from the first folder whose files have the right hashes, else download the data set."""
        if dataset is FASHION_MNIST_MINI:
            return load_mini(split)
        for folder in _folders(dataset, self.places):
            if images := _from_folder(dataset, split, folder, self.warn):
                return images
        try:
            folder = self._fetched(dataset)
        except DataError as error:
            raise DataError(error.message, hint=f"{error.hint} {_ways(dataset)}".strip()) from error
        if images := _from_folder(dataset, split, folder, self.warn):
            return images
        raise DataError(f"{folder} changed while it was read.", hint="Try again.")

    def _fetched(self, dataset: DataSet) -> pathlib.Path:
        """Download `dataset` and return its folder in the cache."""
        if not self.download:
            raise DataError(f"{dataset.name} is not on this machine.")
        if self.places.cache is None:
            fetch_it = command("data", "fetch", dataset.name)
            raise DataError(
                f"{dataset.name} is not on this machine, and there is no folder for downloads: "
                "the home folder is not known.",
                hint=f"Name one: `export VAECLI_CACHE=/tmp/vaecli`, then `{fetch_it}`.",
            )
        folder = self.places.cache / dataset.name
        fetch(dataset, folder, mirrors=self.places.mirrors, progress=self.progress, warn=self.warn)
        return folder


def _from_folder(dataset: DataSet, split: Split, folder: pathlib.Path, warn: Warn) -> ImageSet | None:
    """Load one split from the files in `folder`, each verified; return None if one is missing or wrong."""
    files = dataset.file(split, "images"), dataset.file(split, "labels")
    pixels, labels = (read_if_right(folder / file.name, file, warn=warn) for file in files)
    if pixels is None or labels is None:
        return None
    return ImageSet(
        dataset.name,
        split,
        pixels[..., None],
        labels.astype("int64"),
        dataset.class_names,
        str(folder),
        kind="named",
    )


def _ways(dataset: DataSet) -> str:
    """Return the ways to get `dataset`, for the end of an error's hint."""
    package = f"the Debian package (apt-get install {dataset.package}), " if dataset.package else ""
    subset = f"the bundled subset (--data {FASHION_MNIST_MINI.name})"
    return f"Ways to go on: try again with a network, {package}its IDX files (--data FOLDER), or {subset}."


def _state(dataset: DataSet, places: Places) -> DatasetState:
    state: State = "not here"
    location = ""
    if dataset is FASHION_MNIST_MINI:
        state, location = "bundled", str(pathlib.Path(__file__).parent / "bundled_files")
    for folder, state_there in reversed(_folders(dataset, places).items()):
        if dataset.files and all(looks_whole(folder / file.name, file.length) for file in dataset.files):
            state, location = state_there, str(folder)
    counts = dataset.train_count, dataset.test_count
    return DatasetState(dataset.name, dataset.description, state, location, *counts, dataset.licence)
