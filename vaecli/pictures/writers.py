"""A stream of images to a file or a folder, chosen by the name's end; whole or not at all."""

import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

from vaecli import files
from vaecli.errors import OptionError, OutputError
from vaecli.parallel import ahead
from vaecli.pictures import png
from vaecli.pictures.npy import write_npy, write_npz
from vaecli.pictures.sheet import bands, plan
from vaecli.pixels import Pixels, to_float32, to_uint8

Kind: TypeAlias = Literal["sheet", "npy", "npz", "gif", "folder"]
Chunks: TypeAlias = Iterator[npt.NDArray[Any]]

KINDS: dict[str, Kind] = {".png": "sheet", ".npy": "npy", ".npz": "npz", ".gif": "gif"}
MAX_FRAMES = 2000  # Pillow keeps the frames of a GIF in memory
MOST_ENCODERS = 16  # threads: more would wait for one folder or file, and each holds pictures in memory
_PART, _PART_VALUES = (
    64,
    2**18,
)  # pictures that a thread encodes at a time, pixels and channels of them at most


def target_kind(path: str | os.PathLike[str]) -> Kind:
    """What `path` asks for: its suffix decides; none, a trailing slash or a folder that exists is a folder.

    Raises:
        OptionError: another suffix.
    """
    name = os.fspath(path)
    suffix = pathlib.Path(name).suffix.lower()
    if not suffix or name.endswith(("/", os.sep)) or pathlib.Path(name).is_dir():
        return "folder"
    if suffix not in KINDS:
        raise OptionError(
            f"Cannot write {name}: {suffix} is not a kind of file that pictures go to.",
            option="-o",
            hint=f"End the name in {', '.join(KINDS)}, or in / for a folder with one PNG each.",
        )
    return KINDS[suffix]


def check_target(path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Refuse, before any work, a target that `write_images` would refuse after it.

    Raises:
        OptionError: a suffix that means nothing here.
        OutputError: its folder is missing or cannot be written, or the target exists without `force`.
    """
    with files.translating(pathlib.Path(path)):  # a name too long, a folder that may not be listed
        kind, target = target_kind(path), pathlib.Path(path)
        parent = target.parent
        if not parent.is_dir():
            raise OutputError(f"Cannot write {target}: {parent} is not a folder.", hint=f"mkdir -p {parent}")
        if not os.access(target if target.is_dir() else parent, os.W_OK | os.X_OK):
            raise OutputError(f"Cannot write {target}: no permission.", hint="Choose another place.")
        if kind == "folder" and target.exists() and not target.is_dir():
            raise OutputError(
                f"Cannot write the folder {target}: a file has this name.", hint="Choose another name."
            )
        files.require_free(target, force=force)


def write_images(
    path: str | os.PathLike[str],
    images: Iterable[npt.NDArray[Any]],
    *,
    count: int,
    shape: tuple[int, int, int],
    first: int = 0,
    dtype: Literal["uint8", "float32"] = "uint8",
    force: bool = False,
    threads: int = 1,
    progress: Callable[[int], None] = lambda _done: None,
) -> None:
    """Write `count` images of `shape` (H, W, C) that come in chunks (n, H, W, C), uint8 or floats in [0, 1].

    `.png` is a contact sheet, `.gif` an animation, `.npy` and `.npz` the array (count, H, W, C) as `dtype`, a
    folder gets one PNG each, numbered from `first`. All but GIFs take flat memory. PNGs are encoded in `threads`.
    Nothing is left at `path` unless all went well. `progress` is told the number of images done after each chunk.

    Raises:
        OptionError: a suffix that means nothing here, or too many images for one PNG or GIF.
        OutputError: the target exists without `force`, or cannot be written.
    """
    check_target(path, force=force)
    kind, target = target_kind(path), pathlib.Path(path)
    _require_fit(kind, count, shape)
    threads = min(threads, MOST_ENCODERS)
    convert = to_float32 if dtype == "float32" and kind in {"npy", "npz"} else to_uint8
    chunks = _counted((convert(chunk) for chunk in images), count, target, progress)
    if kind == "folder":
        with files.replacing_folder(target) as folder:
            _write_folder(folder, chunks, first, threads)
        return
    with files.replacing(target) as file:
        if kind == "npy":
            write_npy(file, chunks, shape=(count, *shape), dtype=dtype)
        elif kind == "npz":
            write_npz(file, chunks, shape=(count, *shape), dtype=dtype)
        elif kind == "gif":
            from vaecli.pictures.gif import write_gif  # noqa: PLC0415  # loads Pillow

            write_gif(file, (image for chunk in chunks for image in chunk))
        else:
            planned = plan(count, shape)
            file.writelines(png.pieces(bands(chunks, planned), planned.shape, threads=threads))


def save_picture(path: pathlib.Path, picture: Pixels, *, force: bool = False, threads: int = 1) -> None:
    """Write one picture (H, W, C), a sheet or a strip, as PNG, encoded in `threads`.

    Raises:
        OutputError: `path` exists without `force`, or cannot be written.
    """
    files.require_free(path, force=force)
    with files.replacing(path) as file:
        file.writelines(png.pieces([picture], picture.shape, threads=threads))


def _write_folder(folder: pathlib.Path, chunks: Chunks, first: int, threads: int) -> None:
    def encode(part: tuple[int, Pixels]) -> list[tuple[str, bytes]]:
        start, images = part
        return [(f"{number:06d}.png", png.encoded(image)) for number, image in enumerate(images, start)]

    # written by one thread: several that make files in one folder wait for each other in the system
    for part in ahead(encode, _numbered(chunks, first), threads=threads):
        for name, content in part:
            (folder / name).write_bytes(content)


def _numbered(chunks: Chunks, first: int) -> Iterator[tuple[int, Pixels]]:
    """Parts of the chunks (n, H, W, C) that are worth a thread's while, each with the number of its first image."""
    for chunk in chunks:
        step = max(1, min(_PART, _PART_VALUES // chunk[0].size)) if len(chunk) else _PART
        for start in range(0, len(chunk), step):
            yield first + start, chunk[start : start + step]
        first += len(chunk)


def _counted(
    chunks: Iterable[npt.NDArray[Any]], count: int, target: pathlib.Path, progress: Callable[[int], None]
) -> Chunks:
    """The chunks as they come; the end is an error if they were not `count` images, as the header says."""
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        progress(done)
    if done != count:
        raise OutputError(f"Cannot write {target}: {count} images were announced and {done} came.")


def _require_fit(kind: Kind, count: int, shape: tuple[int, int, int]) -> None:
    if count < 1:
        raise OptionError(f"There must be at least one picture to write, not {count}.", option="-n")
    if kind == "sheet":
        plan(count, shape)
    if kind == "gif" and count > MAX_FRAMES:
        raise OptionError(
            f"A GIF holds at most {MAX_FRAMES} pictures here, not {count}.",
            option="-n",
            hint="Write a folder or an .npy file.",
        )
