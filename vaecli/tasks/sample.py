"""`vaecli sample`: pictures drawn from the prior, any number of them in flat memory."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

import numpy as np

from vaecli import checks
from vaecli.checks import shown
from vaecli.choices import ArrayType, PriorName
from vaecli.errors import OptionError
from vaecli.files import treatment
from vaecli.parallel import ahead
from vaecli.pictures.targets import check_target, target_kind
from vaecli.pictures.writers import write_images
from vaecli.pixels import chunks, to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.decoding import CHUNK
from vaecli.tasks.recipe import recipe_of
from vaecli.tasks.recipe_text import MAX_LABELS

SHOWN, SHOWN_OF_EACH = 64, 8  # pictures by default, and of each of several classes
TRAINED_WITH_A_MIXTURE = (
    "This model was trained with a mixture as prior (--mixture-epochs): its latents are far from N(0, I), and "
    "pictures drawn from that are poor. Leave out --prior normal, or fit a mixture by vaecli prior."
)
CHUNK_BYTES = 2**22  # of their 8-bit pixels, at most
AHEAD = 2  # chunks decoded at once, so that the decoder is busy while one is drawn, rounded or written


def sample(
    model: Model,
    *,
    n: int | None = None,
    out: str | os.PathLike[str] | None = None,
    first: int = 0,
    seed: int = 0,
    temperature: float = 1.0,
    prior: PriorName | None = None,
    labels: Sequence[str] = (),
    dtype: ArrayType = "uint8",
    scale: int | None = None,
    smooth: bool = False,
    force: bool = False,
    warn: Callable[[str], None] = lambda _message: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> pathlib.Path:
    """Write pictures `first` to `first + n - 1` of the endless series of a seed; with labels, of each class.

    Args:
        model: an opened model; its decoder is enough.
        n: the number of pictures, of each class if there are several; 64 or 8 if left out.
        out: `.png` for a sheet, `.npy` or `.npz` for the array (n, H, W, C), `.gif`, or a folder for one PNG each;
            by default the next free one of `samples.png`, `samples-2.png`, ...
        first: the index in the series of the first picture.
        seed: the same seed gives the same pictures; picture i of a prior depends on (seed, i) alone.
        temperature: factor on the standard deviation of N(0, I), or of each component of a mixture.
        prior: `normal` or `mixture`; the model's own if left out.
        labels: names of classes, or unique parts of them; `all` for each that has a mixture. Several have a row
            each.
        dtype: the type of an array, `uint8` or `float32`.
        scale: enlarge each pixel to a square of this side; by default a sheet and a GIF are large enough to see.
        smooth: enlarge with smooth transitions, not squares.
        force: replace what `out` names.
        warn: receives what a user should know, such as the classes that are left out.
        progress: gets the number of pictures done and in all.

    Returns:
        The path that was written.

    Raises:
        OptionError: a number out of its range, an unknown suffix, `dtype`, prior or label.
        ModelError: the model does not have that mixture.
        OutputError: `out` is taken or cannot be written.
    """
    rows = class_rows(model, labels, prior, warn)
    first = checks.integer(first, "--first", least=0, most=2**64 - 1)
    n = checks.integer(default_count(rows) if n is None else n, "-n", least=1, most=2**64 - first)
    temperature = checks.real(temperature, "--temperature", least=0)
    checks.choice(dtype, "--dtype", get_args(ArrayType))
    used = [model.priors.get(prior, label) for label in rows or (None,)]
    if used[0].name == "normal" and model.info.is_of_mixture_epoch:
        warn(TRAINED_WITH_A_MIXTURE)
    if_taken = treatment(out, force=force)
    target = "samples.png" if out is None else out
    check_target(target, if_taken=if_taken)

    def decode(part: tuple[str | None, slice]) -> np.ndarray:
        label, indices = part
        pictures = model.sample(
            indices.stop - indices.start,
            seed=seed,
            first=first + indices.start,
            temperature=temperature,
            prior=prior,
            label=label,
        )
        return pictures if dtype == "float32" else to_uint8(pictures)

    recipe = dataclasses.replace(
        recipe_of(model, "sample", target_kind(target)),
        prior=(prior or "") if rows else used[0].name,
        labels=rows,
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
        row, index = divmod(number - first, n)
        return dataclasses.replace(recipe, first=first + index, count=1, labels=rows[row : row + 1]).to_text()

    total = n * max(1, len(rows))
    return write_images(
        target,
        ahead(decode, _parts(rows, n, model.image_shape), threads=min(AHEAD, model.threads)),
        count=total,
        shape=model.image_shape,
        first=first,
        dtype=dtype,
        columns=n if len(rows) > 1 else None,
        scale=scale,
        smooth=smooth,
        recipe=text_of,
        if_taken=if_taken,
        threads=model.threads,
        progress=lambda done: progress(done, total),
    )


def class_rows(
    model: Model,
    labels: Sequence[str],
    prior: PriorName | None = None,
    warn: Callable[[str], None] = lambda _message: None,
) -> tuple[str, ...]:
    """Return the names of the classes that labels mean; `all` means each that can be drawn.

    Raises:
        OptionError: an unknown label, or too many.
        ModelError: a class has no mixture, or with `all` none has one, and the model is not conditional or `prior`
            is `mixture`.
    """
    names = model.priors.class_names
    numbers: list[int] = []
    for label in labels:
        if label == "all" and "all" not in names and names:
            numbers += _all_classes(model, prior, warn)
        else:
            numbers.append(model.priors.label(label))
    if len(numbers) > MAX_LABELS:
        raise OptionError(
            f"--label must name at most {MAX_LABELS} classes, got {len(numbers):,}.",
            option="--label",
            hint="Name some of them, --label NAME for each, and draw the others into another file.",
        )
    for number in numbers:
        model.priors.require_class(number, prior)
    return tuple(names[number] for number in numbers)


def default_count(rows: Sequence[str]) -> int:
    """Return the number of pictures, of each class if there are several."""
    return SHOWN_OF_EACH if len(rows) > 1 else SHOWN


def _all_classes(model: Model, prior: PriorName | None, warn: Callable[[str], None]) -> list[int]:
    """Return the classes that can be drawn from a prior; the first one if none can, whose error says why."""
    names = model.priors.class_names
    numbers = [number for number in range(len(names)) if model.priors.can_draw(number, prior)]
    missing = [shown(names[number]) for number in range(len(names)) if number not in numbers]
    if numbers and missing:
        warn(f"Without {', '.join(missing[:MAX_LABELS])}: too few training images.")
    return numbers or [0]


def _parts(rows: Sequence[str], n: int, shape: tuple[int, int, int]) -> Iterator[tuple[str | None, slice]]:
    """Yield the label and the indices of each chunk of pictures."""
    for label in rows or (None,):
        for part in chunks(n, shape, most=CHUNK, chunk_bytes=CHUNK_BYTES):
            yield label, part
