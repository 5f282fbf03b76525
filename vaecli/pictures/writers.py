"""A stream of images written to a file or a folder, by the suffix of its name; whole or not at all."""

import math
import os
import pathlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeAlias, get_args

import numpy.typing as npt

from vaecli import checks, files, folders
from vaecli.choices import ArrayType
from vaecli.errors import OptionError, OutputError
from vaecli.files import IfTaken
from vaecli.npz import write_npy
from vaecli.parallel import ahead
from vaecli.pictures import png
from vaecli.pictures.npy import write_npz
from vaecli.pictures.pixels import enlarge, require_scale
from vaecli.pictures.sheet import bands, near_square, plan
from vaecli.pictures.targets import Kind, check_target, target_kind, target_path
from vaecli.pixels import Pixels, to_float32, to_uint8

Chunks: TypeAlias = Iterator[npt.NDArray[Any]]
Recipe: TypeAlias = Callable[
    [int | None], str
]  # number of a picture of a folder, or None -> text of the file

MAX_ENCODERS = 16  # threads; more would wait for one folder or file, and each holds images in memory
_BATCH = 64  # images that a thread encodes at a time, at most
_BATCH_VALUES = 2**18  # channel values in them, at most


def write_images(
    path: str | os.PathLike[str],
    images: Iterable[npt.NDArray[Any]],
    *,
    count: int,
    shape: tuple[int, int, int],
    first: int = 0,
    dtype: ArrayType = "uint8",
    columns: int | None = None,
    scale: int | None = None,
    smooth: bool = False,
    recipe: Recipe = lambda _number: "",
    if_taken: IfTaken = "refuse",
    threads: int = 1,
    progress: Callable[[int], None] = lambda _done: None,
) -> pathlib.Path:
    """Write `count` images of `shape` (H, W, C) that come in chunks (n, H, W, C), uint8 or floats in [0, 1].

    `.png` is a contact sheet, `.gif` an animation, `.npy` and `.npz` the array (count, H, W, C) as `dtype`; a
    folder gets one PNG each, numbered from `first`; `replace` removes the numbered PNGs of earlier calls there.
    Memory is flat for all but GIFs. PNGs are encoded by `threads` threads. `progress` gets the number of images
    done after each chunk. `scale` enlarges the pictures of all but arrays, each pixel to a square, or with smooth
    transitions if `smooth`; by default, a sheet and a GIF are made large enough to see. A sheet has `columns`, by
    default about as many as rows. `recipe` returns the text
    to store in a PNG or GIF: of picture i of a folder if it gets i, of the whole if it gets None.

    Returns:
        The path that was written; with `if_taken="number"`, the name that it took.

    Raises:
        OptionError: an unknown suffix or `dtype`, too many images for a PNG or GIF, or too large a `scale`.
        OutputError: something is there and `if_taken` is `refuse`, or the target cannot be written.
    """
    checks.choice(dtype, "--dtype", get_args(ArrayType))
    check_target(path, if_taken=if_taken)
    kind, target = target_kind(path), target_path(path)
    _require_fit(kind, count, shape, scale, columns)
    require_enlargeable(kind, scale, smooth=smooth)
    _require_scale(kind, count, shape, scale, columns)
    threads = min(threads, MAX_ENCODERS)
    convert = to_float32 if dtype == "float32" and kind in {"npy", "npz"} else to_uint8
    chunks = _counted((convert(chunk) for chunk in images), count, target, progress)
    if kind == "folder":

        def encode(image: Pixels, number: int) -> bytes:
            larger = enlarge(image, scale or 1, smooth=smooth)
            return png.encoded(larger, recipe=recipe(number))

        _write_folder(target, chunks, first, if_taken, threads=threads, encode=encode)
        return target
    with files.replacing(target, if_taken=if_taken) as file:
        if kind == "npy":
            write_npy(file, chunks, shape=(count, *shape), dtype=dtype)
        elif kind == "npz":
            write_npz(file, chunks, shape=(count, *shape), dtype=dtype)
        elif kind == "gif":
            from vaecli.pictures.gif import write_gif  # noqa: PLC0415  # loads Pillow

            frames = (image for chunk in chunks for image in chunk)
            write_gif(file, frames, scale=scale, smooth=smooth, recipe=recipe(None))
        else:
            planned = plan(count, shape, columns=columns, scale=scale, smooth=smooth)
            rows = bands(chunks, planned)
            file.writelines(png.pieces(rows, planned.shape, threads=threads, recipe=recipe(None)))
    return file.path


def save_picture(
    path: str | os.PathLike[str],
    picture: Pixels,
    *,
    if_taken: IfTaken = "refuse",
    threads: int = 1,
    recipe: str = "",
) -> pathlib.Path:
    """Write one picture (H, W, C), such as a sheet or a strip, as PNG with `threads` threads.

    Returns:
        The path that was written.

    Raises:
        OutputError: something is there and `if_taken` is `refuse`, or the file cannot be written.
    """
    target = target_path(path)
    if if_taken != "number":
        folders.require_free(target, force=if_taken == "replace")
    with files.replacing(target, if_taken=if_taken) as file:
        file.writelines(png.pieces([picture], picture.shape, threads=threads, recipe=recipe))
    return file.path


def _write_folder(
    target: pathlib.Path,
    chunks: Chunks,
    first: int,
    if_taken: IfTaken,
    *,
    threads: int,
    encode: Callable[[Pixels, int], bytes],
) -> None:
    def encode_all(part: tuple[int, Pixels]) -> list[tuple[str, bytes]]:
        start, images = part
        return [(f"{number:06d}.png", encode(image, number)) for number, image in enumerate(images, start)]

    mode: Literal["replace", "refuse"] = "replace" if if_taken == "replace" else "refuse"
    with folders.replacing_folder(target, if_taken=mode, is_outdated=_is_numbered) as folder:
        # Written by one thread: several that create files in one folder wait for each other in the system.
        for part in ahead(encode_all, _batches(chunks, first), threads=threads):
            with files.translating(target):
                for name, content in part:
                    (folder / name).write_bytes(content)


def _is_numbered(path: pathlib.Path) -> bool:
    """Return whether an earlier call wrote the file: its name is a number, and its PNG names vaecli as software."""
    return re.fullmatch(r"(\d{6}|[1-9]\d{6,})\.png", path.name) is not None and png.is_ours(path)


def _batches(chunks: Chunks, first: int) -> Iterator[tuple[int, Pixels]]:
    """Cut chunks (n, H, W, C) into batches for one thread each; yield each with the index of its first image."""
    for chunk in chunks:
        step = max(1, min(_BATCH, _BATCH_VALUES // math.prod(chunk.shape[1:])))
        for start in range(0, len(chunk), step):
            yield first + start, chunk[start : start + step]
        first += len(chunk)


def _counted(
    chunks: Iterable[npt.NDArray[Any]], count: int, target: pathlib.Path, progress: Callable[[int], None]
) -> Chunks:
    """Yield the chunks; raise an OutputError at the end if they had not `count` images in all."""
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        progress(done)
    if done != count:
        raise OutputError(f"Cannot write {target}: expected {count} images, got {done}.")


def _require_fit(
    kind: Kind, count: int, shape: tuple[int, int, int], scale: int | None, columns: int | None
) -> None:
    """Refuse a number of images that the format cannot hold."""
    checks.integer(count, "-n", least=1)
    if kind == "sheet":
        plan(count, shape, columns=columns)
    if kind == "gif":
        from vaecli.pictures.gif import max_frames  # noqa: PLC0415  # loads Pillow

        most = max_frames(shape, scale and 1)  # a scale has a limit of its own
        if count > most:
            raise OptionError(
                f"-n must be at most {most} for a GIF of {shape[0]} x {shape[1]} pixels, got {count}.",
                option="-n",
                hint="Write a folder or an .npy file.",
            )


def require_enlargeable(kind: Kind, scale: int | None, *, smooth: bool) -> None:
    """Refuse to enlarge an array.

    Raises:
        OptionError: `kind` is that of an array, and `scale` or `smooth` is given.
    """
    if kind in {"npy", "npz"} and (scale is not None or smooth):
        option = "--smooth" if scale is None else "--scale"
        raise OptionError(
            f"{option} must be left out for an array, which holds the images as they are.", option=option
        )


def _require_scale(
    kind: Kind, count: int, shape: tuple[int, int, int], scale: int | None, columns: int | None
) -> None:
    """Refuse a scale with which a sheet, or all enlarged pictures in memory at once, would be too large."""

    def size(scale: int) -> int:
        height, width, channels = shape
        if kind == "sheet":
            in_row = columns or near_square(count)
            return channels * in_row * (width + 1) * -(-count // in_row) * (height + 1) * scale**2
        at_once = count if kind == "gif" else MAX_ENCODERS
        return at_once * height * width * channels * scale**2

    require_scale(scale, size)
