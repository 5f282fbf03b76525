"""`vaecli sample`: pictures drawn from the prior, any number of them in flat memory."""

import dataclasses
import os
import pathlib
from collections.abc import Callable
from typing import get_args

import numpy as np

from vaecli import checks
from vaecli.choices import ArrayType
from vaecli.files import treatment
from vaecli.parallel import ahead
from vaecli.pictures.targets import check_target, target_kind
from vaecli.pictures.writers import write_images
from vaecli.pixels import chunks, to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.decoding import CHUNK
from vaecli.tasks.recipe import recipe_of

CHUNK_BYTES = 2**22  # of their 8-bit pixels, at most
AHEAD = 2  # chunks decoded at once, so that the decoder is busy while one is drawn, rounded or written


def sample(
    model: Model,
    *,
    n: int = 64,
    out: str | os.PathLike[str] | None = None,
    first: int = 0,
    seed: int = 0,
    temperature: float = 1.0,
    dtype: ArrayType = "uint8",
    scale: int | None = None,
    smooth: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> pathlib.Path:
    """Write pictures `first` to `first + n - 1` of the endless series of a seed.

    Args:
        model: an opened model; its decoder is enough.
        n: the number of pictures.
        out: `.png` for a sheet, `.npy` or `.npz` for the array (n, H, W, C), `.gif`, or a folder for one PNG each;
            by default the next free one of `samples.png`, `samples-2.png`, ...
        first: the index in the series of the first picture.
        seed: the same seed gives the same pictures; picture i depends on (seed, i) alone.
        temperature: factor on the prior's standard deviation.
        dtype: the type of an array, `uint8` or `float32`.
        scale: enlarge each pixel to a square of this side; by default a sheet and a GIF are large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        force: replace what `out` names.
        progress: gets the number of pictures done and in all.

    Returns:
        The path that was written.

    Raises:
        OptionError: a number out of its range, or an unknown suffix or `dtype`.
        OutputError: `out` is taken or cannot be written.
    """
    first = checks.integer(first, "--first", least=0, most=2**64 - 1)
    n = checks.integer(n, "-n", least=1, most=2**64 - first)
    temperature = checks.real(temperature, "--temperature", least=0)
    checks.choice(dtype, "--dtype", get_args(ArrayType))
    if_taken = treatment(out, force=force)
    target = "samples.png" if out is None else out
    check_target(target, if_taken=if_taken)

    def decode(part: slice) -> np.ndarray:
        pictures = model.sample(
            part.stop - part.start, seed=seed, first=first + part.start, temperature=temperature
        )
        return pictures if dtype == "float32" else to_uint8(pictures)

    recipe = dataclasses.replace(
        recipe_of(model, "sample", target_kind(target)),
        prior=model.info.prior["name"],
        seed=checks.integer(seed, "--seed", least=0, most=2**64 - 1),
        first=first,
        count=n,
        temperature=temperature,
        scale=scale,
        smooth=smooth,
    )

    def text_of(number: int | None) -> str:
        """Return the recipe of the file, or of the single picture `number` of a folder."""
        if number is None:
            return recipe.to_text()
        return dataclasses.replace(recipe, first=number, count=1).to_text()

    parts = chunks(n, model.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES)
    return write_images(
        target,
        ahead(decode, parts, threads=min(AHEAD, model.threads)),
        count=n,
        shape=model.image_shape,
        first=first,
        dtype=dtype,
        scale=scale,
        smooth=smooth,
        recipe=text_of,
        if_taken=if_taken,
        threads=model.threads,
        progress=lambda done: progress(done, n),
    )
