"""Nearest training images of samples: the ratio of medians, and a sheet of the closest pairs."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli import folders
from vaecli.data.images import Images, ImageSet
from vaecli.errors import DataError, OptionError
from vaecli.files import IfTaken
from vaecli.metrics.samples.copies import nearest, ratio_of_medians
from vaecli.paths import user_path
from vaecli.pictures.captions import Captioned, captioned_sheet
from vaecli.pictures.writers import save_picture
from vaecli.pixels import Pixels
from vaecli.tasks.quality.judge import Float32
from vaecli.tasks.quality.result import Copies, Pair
from vaecli.tasks.quality.steps import Steps

PAIRS = 16
COLUMNS = 8  # of the sheet: four pairs in a row


def find_copies(
    samples: Float32,
    reference: Float32,
    training: Float32,
    steps: Steps,
    *,
    numbers: Sequence[int] | npt.NDArray[np.int64] | None = None,
) -> Copies:
    """Find the nearest training image of each sample and of each reference image, by features (N, F).

    Args:
        samples: features of samples.
        reference: of real images that were not trained on.
        training: of all training images.
        steps: progress and times.
        numbers: (N,) numbers of the samples in the closest pairs; 0 to N - 1 if left out.

    Raises:
        DataError: NaN or infinite features.
    """
    advance = steps.counter("Nearest training images", len(samples) + len(reference))
    with steps.step("copies"):
        of_samples = nearest(samples, training, advance=advance)
        of_reference = nearest(reference, training, "the reference", advance=advance)
    names = range(len(samples)) if numbers is None else numbers
    pairs = tuple(
        Pair(int(names[sample]), int(of_samples.positions[sample]), float(of_samples.distances[sample]))
        for sample in of_samples.closest(PAIRS)
    )
    ratio = ratio_of_medians(of_samples, of_reference)
    return Copies(ratio, of_samples.median, of_reference.median, pairs, steps.seconds["copies"])


def require_sheet(sheet: str | os.PathLike[str] | None, *, if_taken: IfTaken) -> None:
    """Refuse a target of the sheet that is not a .png file or cannot be written.

    Raises:
        OptionError: another suffix.
        OutputError: it is taken, or its folder is missing or not writable.
    """
    if sheet is None:
        return
    path = user_path(sheet, option="--out")
    if path.suffix.lower() != ".png":
        raise OptionError(f"--out must end in .png, got {path}.", option="--out")
    folders.require_place(path, if_taken=if_taken)


def require_pairs(sheet: str | os.PathLike[str] | None, training: ImageSet | None) -> None:
    """Refuse a sheet without images that samples can be copies of, before anything is measured.

    Raises:
        DataError: there is a sheet, and no training images.
    """
    if sheet is not None and training is None:
        raise DataError(
            "--out needs the images that the model was trained on, got none: the sheet shows the closest of them.",
            hint="Leave --out out.",
        )


def write_sheet(
    out: str | os.PathLike[str],
    pairs: Sequence[Pair],
    samples: Pixels,
    training: Images,
    *,
    if_taken: IfTaken,
    threads: int = 1,
) -> pathlib.Path:
    """Write the closest pairs side by side: a sample, and the training image that is nearest to it by features.

    Args:
        out: file that ends in .png.
        pairs: the closest first.
        samples: (n, H, W, C) the samples of the pairs.
        training: all training images.
        if_taken: what happens to a file of that name.
        threads: number of threads.

    Raises:
        OutputError: the file is taken or cannot be written.
    """
    cells = []
    for pair, sample in zip(pairs, samples, strict=True):
        near: Pixels = training[np.array([pair.training])][0]
        cells.append(Captioned(sample, (f"sample {pair.sample}", f"features {pair.distance:#.3g}"), True))
        cells.append(Captioned(near, (f"train:{pair.training}", "from it")))
    return save_picture(
        out, captioned_sheet(cells, columns=COLUMNS), if_taken=if_taken, threads=threads, recipe=""
    )
