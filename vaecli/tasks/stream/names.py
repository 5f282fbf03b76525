"""The names that stand for pictures: files, folders, globs, archives, arrays, test:17 and test:0:100."""

import glob
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

from vaecli.choices import DATA_SETS, Part
from vaecli.commands import command
from vaecli.data.collection.entries import has_picture_suffix
from vaecli.data.collection.natural import natural_key
from vaecli.data.collection.source import open_source
from vaecli.data.idx.folder import holds_idx
from vaecli.data.images import ImageSet
from vaecli.data.kind import FileKind, file_kind
from vaecli.data.load import load
from vaecli.data.reference import PREFIXES, parse_reference, positions
from vaecli.errors import DataError, OptionError, VaecliError
from vaecli.paths import shown, user_path
from vaecli.tasks.inputs import Warn
from vaecli.tasks.stream.reader import Reader
from vaecli.tasks.stream.sections import FileSection, ImageSection, ListingSection, Section

LoadPart = Callable[[Part | None], ImageSet]  # of the data set; None is its test part, or the next best


class Names:
    """Turns names into sections; each part of the data set is loaded once, when it is first named.

    Args:
        reader: prepares pictures for the model.
        load_part: loads a part of the data set.
        warn: gets what a user should know of a folder or an archive.
    """

    def __init__(self, reader: Reader, load_part: LoadPart, warn: Warn) -> None:
        self._reader, self._load_part, self._warn = reader, load_part, warn
        self._loaded = dict[Part | None, ImageSet | VaecliError]()

    def sections(self, names: Sequence[str | os.PathLike[str]]) -> list[Section]:
        """Return the pictures that all names mean, in order; consecutive files are one section.

        Raises:
            OptionError: a name is empty, or matches nothing.
            DataError: a folder or an archive has no pictures, an array no images, or the data set not those.
        """
        sections: list[Section] = []
        files: list[str] = []
        for name in names:
            for part in self._parts(os.fsdecode(name)):
                if isinstance(part, str):
                    if not files:
                        sections.append(FileSection(files, self._reader))
                    files.append(part)
                else:
                    sections.append(part)
                    files = []
        return sections

    def part(self, split: Part | None) -> ImageSection:
        """Return all images of a part of the data set."""
        images = self._images(split)
        return ImageSection(images, range(len(images.images)), PREFIXES[images.split])

    def at_hand(self, name: str) -> list[Section]:
        """Return the section of a name that means one picture which is there; none for any other name."""
        try:
            is_file = bool(name) and user_path(name).is_file()
            if not is_file and parse_reference(name) is None:
                return []
            sections = self.sections([name])
        except VaecliError:
            return []
        return sections if sum(section.count for section in sections) == 1 else []

    def _images(self, part: Part | None) -> ImageSet:
        """Load a part of the data set once; if that fails, its error is raised again without another attempt."""
        if part not in self._loaded:
            try:
                self._loaded[part] = self._load_part(part)
            except VaecliError as error:
                self._loaded[part] = error
        images = self._loaded[part]
        if isinstance(images, VaecliError):
            raise images
        return images

    def _parts(self, name: str) -> Iterator[str | Section]:
        """Yield the files and the sections that a name means."""
        reference = parse_reference(name)
        if reference is not None:
            images = self._images(reference.part)
            yield ImageSection(images, positions(images, reference.rows), PREFIXES[reference.part])
            return
        try:
            path = user_path(name, option="PICTURES")
        except DataError:  # it is listed with the unreadable pictures
            yield name
            return
        if os.path.lexists(path):
            yield self._of_path(name, path)
        elif glob.has_magic(name):
            matches = sorted(glob.glob(str(path), recursive=True), key=natural_key)  # noqa: PTH207  # as written
            if not matches:
                raise OptionError(
                    f"PICTURES must name pictures, but nothing matches {shown(name)}.", option="PICTURES"
                )
            yield from (self._of_path(match, pathlib.Path(match)) for match in matches)
        elif name in DATA_SETS:
            raise OptionError(
                f"PICTURES must name pictures, got the data set {name}.",
                option="PICTURES",
                hint=f"Name it with --data {name} --split test.",
            )
        else:
            yield name

    def _of_path(self, name: str, path: pathlib.Path) -> str | Section:
        """Return the section of a folder, an archive or an array, or the name of a picture."""
        if path.is_dir():
            if holds_idx(path):
                raise OptionError(
                    f"PICTURES must name pictures, got {shown(name)}, a folder of IDX files.",
                    option="PICTURES",
                    hint=f"Name it with --data {shown(name)} --split test.",
                )
            return self._listed(name, path)
        if has_picture_suffix(name):
            return name
        try:
            kind: FileKind = file_kind(path)
        except DataError:  # a picture of another name; or something else, which is said when it is read
            return name
        if kind == "pictures":
            return self._listed(name, path)
        return name if kind == "pixel table" else self._array(name, path)

    def _listed(self, name: str, path: pathlib.Path) -> ListingSection:
        listing = open_source(path)
        if listing.left_out:
            self._warn(f"{listing.left_out:,} pictures of {shown(name)} are left out: {listing.layout}.")
        return ListingSection(listing, name.rstrip("/") + "/", self._reader)

    def _array(self, name: str, path: pathlib.Path) -> ImageSection:
        images = load(str(path), "train")
        reader = None if self._reader.takes(images) else self._reader
        return ImageSection(images, range(len(images.images)), name, path, reader)


def require_pictures(
    pictures: Sequence[str | os.PathLike[str]], data: str | None, split: Part | None, verb: str
) -> None:
    """Check that pictures are named, or a part of a data set, not both.

    Raises:
        OptionError: neither, or both; or `data` where no picture of a data set is named.
    """
    if pictures and split is not None:
        raise OptionError(
            f"--split must be left out where pictures are named, got {split}.",
            option="--split",
            hint=f"Name pictures of that part: {PREFIXES[split]}:0:100.",
        )
    if pictures:
        require_data_is_used(pictures, data)
    if not pictures and data is None and split is None:
        raise OptionError(
            "PICTURES must name at least one picture, got none.",
            option="PICTURES",
            hint=f"Of the model's own data: {command(verb, '--split', 'test')}",
        )


def require_data_is_used(names: Sequence[str | os.PathLike[str]], data: str | None) -> None:
    """Check that a data set is named only where it is read: where a name means a picture of it, such as `test:17`.

    Raises:
        OptionError: it would be ignored.
        DataError: a name begins as such a picture, and no number follows.
    """
    if data is not None and not any(parse_reference(os.fsdecode(name)) for name in names):
        raise OptionError(
            f"--data must be left out where no picture of a data set is named, got {shown(data)}.",
            option="--data",
            hint="Name such pictures as test:17 or test:0:100.",
        )
