"""The options of a measurement of samples."""

import dataclasses
import os
import pathlib

from vaecli import checks
from vaecli.errors import OptionError
from vaecli.files import IfTaken

SEEDS = 5


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

    def require_consistent(
        self,
        samples: str | None,
        *,
        model: object,
        quality: bool,
        save: object = None,
        report: object = None,
        no_labels: bool = False,
    ) -> None:
        """Refuse options that do not go together.

        Args:
            samples: value of `--samples`.
            model: value of `--model`.
            quality: whether `--quality` was given.
            save: value of `--save`.
            report: value of `--report`.
            no_labels: whether `--no-labels` was given.

        Raises:
            OptionError: a model beside samples of another origin, or options of samples without any.
        """
        is_elsewhere = not self.needs_model(samples)
        name = "--samples" if samples is not None else "--features with a .npy file"
        for option, value in (
            ("--model", model),
            ("--quality", quality),
            ("--save", save),
            ("--report", report),
            ("--no-labels", no_labels),
        ):
            if is_elsewhere and value:
                raise OptionError(
                    f"{option} must be left out with {name}, which measures pictures of any origin.",
                    option=option,
                    hint="To measure a model's samples by other features: vaecli sample -n 10000 -o x.npy first.",
                )
        if self.has_arrays and self.sheet is not None:
            raise OptionError(
                "--out must be left out with features in a file: those of training images are not known.",
                option="--out",
            )
        if is_elsewhere or quality:
            return
        given = {"--features": self.features, "-n": self.count, "--out": self.sheet}
        for option, value in given.items():
            if value is not None:
                raise OptionError(
                    f"{option} needs --quality or --samples.", option=option, hint="Add --quality."
                )
