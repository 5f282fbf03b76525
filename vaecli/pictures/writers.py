"""A stream of images written to a file or a folder, by the suffix of its name; whole or not at all."""

import math
import os
import pathlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeAlias, get_args

import numpy.typing as npt

from vaecli import checks, files, folders
from vaecli.choices import ArrayType
from vaecli.errors import OptionError, OutputError
from vaecli.files import IfTaken
from vaecli.parallel import ahead
from vaecli.paths import user_path
from vaecli.pictures import png
from vaecli.pictures.npy import write_npy, write_npz
from vaecli.pictures.sheet import bands, plan
from vaecli.pixels import Pixels, to_float32, to_uint8

Kind: TypeAlias = Literal["sheet", "npy", "npz", "gif", "folder"]
Chunks: TypeAlias = Iterator[npt.NDArray[Any]]

KINDS: dict[str, Kind] = {".png": "sheet", ".npy": "npy", ".npz": "npz", ".gif": "gif"}
MAX_ENCODERS = 16  # threads; more would wait for one folder or file, and each holds images in memory
_BATCH = 64  # images that a thread encodes at a time, at most
_BATCH_VALUES = 2**18  # channel values in them, at most


def target_kind(path: str | os.PathLike[str]) -> Kind:
    """Return the kind of output that `path` names, by its suffix.

    A name without a suffix, a trailing slash or a folder that exists means a folder.

    Raises:
        OptionError: an empty name, `-`, a suffix without a name before it, or an unknown suffix.
    """
    name = os.fspath(path)
    target = _target(path)
    if name == "-":
        raise OptionError(
            "--out must name a file or folder, got '-'.",
            option="--out",
            hint="Pictures are not written to standard output.",
        )
    if target.name.lower() in KINDS:
        raise OptionError(f"--out must have a name before {target.name}, got {name!r}.", option="--out")
    suffix = target.suffix.lower()
    if not suffix or name.endswith(("/", os.sep)) or target.is_dir():
        return "folder"
    if suffix not in KINDS:
        raise OptionError(
            f"--out must end in {', '.join(KINDS)}, or in / for a folder with one PNG each, got {name}.",
            option="--out",
        )
    return KINDS[suffix]


def check_target(path: str | os.PathLike[str], *, if_taken: IfTaken = "refuse") -> None:
    """Refuse, before any work, a target that `write_images` would refuse after it.

    Raises:
        OptionError: no name, or an unknown suffix.
        OutputError: its folder is missing or cannot be written, or something is there and `if_taken` is `refuse`.
    """
    kind = target_kind(path)
    target = _target(path)
    with files.translating(target):
        if if_taken != "number":
            folders.require_free(target, force=if_taken == "replace")
        real = files.followed(target)
        if not real.parent.is_dir():
            raise _no_folder(target, real.parent)
        if kind == "folder" and target.exists() and not target.is_dir():
            raise OutputError(
                f"Cannot write the folder {target}: a file has this name.", hint="Choose another name."
            )
        files.require_writable(real if kind == "folder" and real.is_dir() else real.parent)


def _target(path: str | os.PathLike[str]) -> pathlib.Path:
    return user_path(path, option="--out", error=OutputError)


def _no_folder(target: pathlib.Path, folder: pathlib.Path) -> OutputError:
    """Return the error for a target whose folder is missing, with the command that makes it."""
    blocking = [path for path in (folder, *folder.parents) if os.path.lexists(path) and not path.is_dir()]
    if blocking:
        return OutputError(
            f"Cannot write {target}: {blocking[0]} is not a folder.", hint="Choose another place."
        )
    end_of_options = ["--"] if str(folder).startswith("-") else []
    make = shlex.join(["mkdir", "-p", *end_of_options, str(folder)])
    return OutputError(f"Cannot write {target}: the folder {folder} does not exist.", hint=f"Make it: {make}")


def write_images(
    path: str | os.PathLike[str],
    images: Iterable[npt.NDArray[Any]],
    *,
    count: int,
    shape: tuple[int, int, int],
    first: int = 0,
    dtype: ArrayType = "uint8",
    if_taken: IfTaken = "refuse",
    threads: int = 1,
    progress: Callable[[int], None] = lambda _done: None,
) -> pathlib.Path:
    """Write `count` images of `shape` (H, W, C) that come in chunks (n, H, W, C), uint8 or floats in [0, 1].

    `.png` is a contact sheet, `.gif` an animation, `.npy` and `.npz` the array (count, H, W, C) as `dtype`; a
    folder gets one PNG each, numbered from `first`; `replace` removes the numbered PNGs of earlier calls there.
    Memory is flat for all but GIFs. PNGs are encoded in `threads`. `progress` gets the number of images done after
    each chunk.

    Returns:
        The path that was written; with `if_taken="number"`, the name that it took.

    Raises:
        OptionError: an unknown suffix or `dtype`, or too many images for one PNG or GIF.
        OutputError: something is there and `if_taken` is `refuse`, or the target cannot be written.
    """
    checks.choice(dtype, "--dtype", get_args(ArrayType))
    check_target(path, if_taken=if_taken)
    kind, target = target_kind(path), _target(path)
    _require_fit(kind, count, shape)
    threads = min(threads, MAX_ENCODERS)
    convert = to_float32 if dtype == "float32" and kind in {"npy", "npz"} else to_uint8
    chunks = _counted((convert(chunk) for chunk in images), count, target, progress)
    if kind == "folder":
        _write_folder(target, chunks, first, if_taken, threads)
        return target
    with files.replacing(target, if_taken=if_taken) as file:
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
    return file.path


def save_picture(
    path: str | os.PathLike[str], picture: Pixels, *, if_taken: IfTaken = "refuse", threads: int = 1
) -> pathlib.Path:
    """Write one picture (H, W, C), such as a sheet or a strip, as PNG, encoded in `threads`.

    Returns:
        The path that was written.

    Raises:
        OutputError: something is there and `if_taken` is `refuse`, or the file cannot be written.
    """
    target = _target(path)
    if if_taken != "number":
        folders.require_free(target, force=if_taken == "replace")
    with files.replacing(target, if_taken=if_taken) as file:
        file.writelines(png.pieces([picture], picture.shape, threads=threads))
    return file.path


def _write_folder(target: pathlib.Path, chunks: Chunks, first: int, if_taken: IfTaken, threads: int) -> None:
    def encode(part: tuple[int, Pixels]) -> list[tuple[str, bytes]]:
        start, images = part
        return [(f"{number:06d}.png", png.encoded(image)) for number, image in enumerate(images, start)]

    mode: Literal["replace", "refuse"] = "replace" if if_taken == "replace" else "refuse"
    with folders.replacing_folder(target, if_taken=mode, is_outdated=_is_numbered) as folder:
        # Written by one thread: several that create files in one folder wait for each other in the system.
        for part in ahead(encode, _batches(chunks, first), threads=threads):
            with files.translating(target):
                for name, content in part:
                    (folder / name).write_bytes(content)


def _is_numbered(path: pathlib.Path) -> bool:
    """Return whether an earlier call wrote the file: its name is a number, and it says that vaecli made it."""
    return re.fullmatch(r"(\d{6}|[1-9]\d{6,})\.png", path.name) is not None and png.is_ours(path)


def _batches(chunks: Chunks, first: int) -> Iterator[tuple[int, Pixels]]:
    """Cut chunks (n, H, W, C) into batches for one thread each; yield each with the number of its first image."""
    for chunk in chunks:
        step = max(1, min(_BATCH, _BATCH_VALUES // math.prod(chunk.shape[1:])))
        for start in range(0, len(chunk), step):
            yield first + start, chunk[start : start + step]
        first += len(chunk)


def _counted(
    chunks: Iterable[npt.NDArray[Any]], count: int, target: pathlib.Path, progress: Callable[[int], None]
) -> Chunks:
    """Yield the chunks, and raise at the end if they were not `count` images, as a header says."""
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        progress(done)
    if done != count:
        raise OutputError(f"Cannot write {target}: expected {count} images, got {done}.")


def _require_fit(kind: Kind, count: int, shape: tuple[int, int, int]) -> None:
    """Refuse a number of images that the format cannot hold."""
    checks.integer(count, "-n", least=1)
    if kind == "sheet":
        plan(count, shape)
    if kind == "gif":
        from vaecli.pictures.gif import max_frames  # noqa: PLC0415  # loads Pillow

        if count > max_frames(shape):
            raise OptionError(
                f"-n must be at most {max_frames(shape)} for a GIF of {shape[0]} x {shape[1]} pixels, got {count}.",
                option="-n",
                hint="Write a folder or an .npy file.",
            )
