"""`vaecli sample`: the prior -> pictures, as many as wanted, in flat memory."""

import math
import os
import pathlib
from collections.abc import Callable
from typing import Literal

import numpy as np

from vaecli import files
from vaecli.errors import OptionError
from vaecli.parallel import ahead
from vaecli.pictures.writers import check_target, write_images
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model

CHUNK = 512  # pictures made at a time
CHUNK_VALUES = 2**22  # pixels and channels of them at most: large pictures come in smaller chunks
AHEAD = 2  # chunks in the making, so that the decoder does not wait while one is drawn, rounded or written


def sample(
    model: Model,
    *,
    n: int = 64,
    out: str | os.PathLike[str] | None = None,
    first: int = 0,
    seed: int = 0,
    temperature: float = 1.0,
    dtype: Literal["uint8", "float32"] = "uint8",
    force: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> pathlib.Path:
    """Write pictures `first` to `first + n - 1` of the endless series of a seed.

    Args:
        model: an opened model; its decoder is enough.
        n: how many.
        out: `.png` a sheet, `.npy` / `.npz` the array (n, H, W, C), `.gif`, or a folder with one PNG each; the
            next free `samples.png` if left out.
        first: the number of the first picture.
        seed: the same seed gives the same pictures; picture i depends on (seed, i) alone.
        temperature: the factor on the prior's standard deviation.
        dtype: of an array.
        force: write over what is there.
        progress: told the number of pictures done and in all.

    Returns:
        What was written.

    Raises:
        OptionError: a number out of its range, or a suffix that means nothing here.
        OutputError: `out` is taken or cannot be written.
    """
    if n < 1:
        raise OptionError(f"-n has to be at least 1; {n} came.", option="-n")
    if first < 0:
        raise OptionError(f"--first has to be 0 or more; {first} came.", option="--first")
    require_temperature(temperature)
    target = out if out is not None else files.next_free(pathlib.Path("samples.png"))
    check_target(target, force=force)

    size = max(1, min(CHUNK, CHUNK_VALUES // math.prod(model.image_shape)))

    def chunk(start: int) -> np.ndarray:
        count = min(size, first + n - start)
        pictures = model.sample(count, seed=seed, first=start, temperature=temperature)
        return pictures if dtype == "float32" else to_uint8(pictures)

    write_images(
        target,
        ahead(chunk, range(first, first + n, size), threads=min(AHEAD, model.threads)),
        count=n,
        shape=model.image_shape,
        first=first,
        dtype=dtype,
        force=force,
        threads=model.threads,
        progress=lambda done: progress(done, n),
    )
    return pathlib.Path(target)


def require_temperature(temperature: float) -> None:
    """Refuse a temperature that is negative or not finite.

    Raises:
        OptionError: naming --temperature.
    """
    if not 0 <= temperature < math.inf:
        raise OptionError(
            f"--temperature has to be zero or a positive number; {temperature} came.", option="--temperature"
        )
