"""The options of a measurement of samples."""

import dataclasses
import os
import pathlib
from collections.abc import Collection

from vaecli import checks
from vaecli.choices import Part
from vaecli.errors import OptionError
from vaecli.files import IfTaken

SEEDS = 5
ELSEWHERE = {  # options that have an effect on the measurement of samples of any origin
    "--samples",
    "--data",
    "-n",
    "--features",
    "--reference-features",
    "--out",
    "--force",
    "--threads",
    "--json",
    "--quiet",
}
OF_SAMPLES = {  # option of the measurement of samples -> what it needs
    "--features": "--quality or --samples",
    "-n": "--quality or --samples",
    "--out": "--quality or --samples",
    "--seeds": "--quality",
}
OUTPUTS = ("--save", "--report")  # files about a model
_ARRAYS = "--features with a .npy file"


@dataclasses.dataclass(frozen=True, kw_only=True)
class QualityOptions:
    """The measurements of samples, and their features.

    Attributes:
        count: number of samples of a seed, and of real images; by default 10,000, or as many as the reference has.
        seeds: number of seeds of which samples are drawn.
        seed: the first of them.
        features: a classifier, a run whose encoder to use, or a .npy file of the samples' features; by default the
            classifier that comes with vaecli, for Fashion-MNIST alone.
        reference_features: with a .npy file, that of the features of the real images.
        sheet: .png file for the closest pairs of samples and training images.
        if_taken: what happens to a file of that name.

    Raises:
        OptionError: a number out of its range, or a .npy file without the other.
    """

    count: int | None = None
    seeds: int = SEEDS
    seed: int = 0
    features: str | None = None
    reference_features: str | None = None
    sheet: str | os.PathLike[str] | None = None
    if_taken: IfTaken = "refuse"

    def __post_init__(self) -> None:
        if self.count is not None:
            checks.integer(self.count, "-n", least=2, most=10**7)
        checks.integer(self.seeds, "--seeds", least=1, most=1000)
        checks.integer(self.seed, "--seed", least=0, most=2**64 - self.seeds)
        if self.has_arrays != (self.reference_features is not None):
            raise OptionError(
                "--features and --reference-features must both be .npy files, of samples and of real images.",
                option="--reference-features",
            )

    @property
    def has_arrays(self) -> bool:
        """Whether the features were computed elsewhere."""
        return self.features is not None and pathlib.PurePath(self.features).suffix.lower() == ".npy"

    def needs_model(self, samples: str | None) -> bool:
        """Return whether the samples are those of a model."""
        return samples is None and not self.has_arrays

    def require_sheet_of(self, split: Part | None) -> None:
        """Refuse a sheet of pairs where the reference are training images.

        Raises:
            OptionError: there is a sheet, and `split` is `train`.
        """
        if self.sheet is not None:
            require_held_out(split, "--out")

    def require_consistent(self, samples: str | None, given: Collection[str]) -> None:
        """Refuse options that do not go together, or that would have no effect.

        Args:
            samples: value of `--samples`.
            given: names of all options that the user gave, such as `--probe`.

        Raises:
            OptionError: an option of a model beside samples of another origin, or one of samples without any.
        """
        if self.has_arrays:
            self._require_no_choice(samples, given)
        if self.needs_model(samples):
            self._require_samples(given)
            return
        name = "--samples" if samples is not None else _ARRAYS
        for option in given:
            if option not in ELSEWHERE:
                raise OptionError(
                    f"{option} must be left out with {name}, which measures pictures of any origin.",
                    option=option,
                    hint=f"Keep the figures with --json. For a model: vaecli eval -m RUN --quality, with {option}."
                    if option in OUTPUTS
                    else "To measure a model's samples by other features: vaecli sample -n 10000 -o x.npy first.",
                )

    def _require_no_choice(self, samples: str | None, given: Collection[str]) -> None:
        """Refuse a choice of images whose features are in files."""
        if "--out" in given:
            raise OptionError(
                "--out must be left out with features in a file: those of training images are not known.",
                option="--out",
            )
        for option in ("-n", "--data"):
            if option in given and (option == "-n" or samples is None):
                raise OptionError(
                    f"{option} must be left out with {_ARRAYS}: all rows of both files are compared.",
                    option=option,
                )

    def _require_samples(self, given: Collection[str]) -> None:
        """Refuse options of samples where none are measured."""
        if "--quality" in given:
            return
        for option, needed in OF_SAMPLES.items():
            if option in given:
                raise OptionError(f"{option} needs {needed}.", option=option, hint="Add --quality.")


def require_held_out(split: Part | None, option: str) -> None:
    """Refuse training images as the part to measure, where an option compares that part with them.

    Raises:
        OptionError: `split` is `train`.
    """
    if split == "train":
        raise OptionError(f"--split must be test or validation with {option}, got train.", option="--split")
