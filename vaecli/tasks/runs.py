"""`vaecli runs`: the runs in a folder with their figures. No model is opened."""

import dataclasses
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any, Literal

from vaecli.config import read_options
from vaecli.errors import DataError, VaecliError
from vaecli.metrics.comparing.conditions import SHORT
from vaecli.metrics.saved import file
from vaecli.metrics.saved.evaluation import Conditions
from vaecli.modelfile.find import EXACT
from vaecli.paths import shown, user_path
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import ROOT, Run
from vaecli.tasks.compare.finding import is_current, saved_in

State = Literal["model", "no model", "damaged"]
MAIN = ("nll", "elbo")  # the metric to show of an evaluation: the first that it has
OF_SAMPLES = {  # metric of the quality of samples -> its title
    "frechet": "Fréchet",
    "frechet_reconstructions": "of reconstructions",
    "frechet_training": "floor",
    "copies": "copies",
}
OF_LATENTS = "nearest"  # likewise of the classes that latents predict
SHOWN = (  # of its conditions
    *("data", "split", "likelihood", "binarised", "labelled"),
    *("prior", "importance_samples", "seed", "n_images"),
)
OPTIONS = (  # of a run
    *("data", "network", "likelihood", "binarize", "conditional", "beta", "mixture_epochs"),
    *("latent_dim", "seed", "epochs"),
)


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """A saved evaluation in a run, without the values of images.

    Attributes:
        path: the file.
        reason: why it cannot be read; empty if it can.
        is_current: whether it is that of the model that the run has now.
        conditions: what was measured, and how; None if the file cannot be read.
        values: each metric with its standard error; of samples the mean over seeds with that of one seed.
        features: name of the features of the metrics of samples; empty without these.
        features_sha256: their hash.
    """

    path: pathlib.Path
    reason: str
    is_current: bool
    conditions: Conditions | None = None
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)
    features: str = ""
    features_sha256: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        facts = {"path": str(self.path), "current": self.is_current, "reason": self.reason}
        if self.conditions is None:
            return facts
        facts |= {name: getattr(self.conditions, name) for name in SHOWN}
        facts |= {"features": self.features, "features_sha256": self.features_sha256}
        return facts | {"values": dict(self.values)}

    @property
    def images(self) -> str:
        """The images that were measured; empty if the file cannot be read."""
        if self.conditions is None:
            return ""
        images = f"{self.conditions.split} of {self.conditions.data}"
        return f"{images} with labels" if self.conditions.labelled else images

    @property
    def words(self) -> str:
        """The main metric, and what was measured of samples and latents."""
        if self.conditions is None:
            return f"{self.path.name} is damaged"
        name = next((name for name in MAIN if name in self.values), next(iter(self.values), ""))
        words = f"{name} {self.values[name]:.2f}" if name else self.path.name
        words += "".join(
            f", {title} {self.values[metric]:.3g}"
            for metric, title in OF_SAMPLES.items()
            if metric in self.values
        )
        words += f" by {self.features} ({self.features_sha256[:SHORT]}...)" if self.features else ""
        if OF_LATENTS in self.values:
            words += f", 5 nearest latents {self.values[OF_LATENTS]:.1%}"
        return words if self.is_current else f"{words}, of an earlier model"


@dataclasses.dataclass(frozen=True)
class Listed:
    """A run.

    Attributes:
        path: its folder.
        started: when it began, ISO 8601 in UTC; empty if not known.
        state: whether it has a model, or cannot be read.
        reason: why it cannot be read; empty if it can.
        options: those of `OPTIONS`; empty if it cannot be read.
        epochs_done: number of trained epochs.
        val_loss: smallest loss on validation images, in nats; None before the first epoch.
        has_mixture: whether the prior of that loss is a mixture.
        evaluations: saved evaluations in the folder.
    """

    path: pathlib.Path
    started: str
    state: State
    reason: str = ""
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    epochs_done: int = 0
    val_loss: float | None = None
    has_mixture: bool = False
    evaluations: tuple[Evaluated, ...] = ()

    @property
    def measure(self) -> str:
        """What validation losses must share to compare: the likelihood, with what changes the loss."""
        options = self.options
        parts = [str(options["likelihood"])]
        parts += ["binary"] if options["binarize"] else []
        parts += ["labels"] if options["conditional"] else []
        parts += ["mixture"] if self.has_mixture else []
        parts += [] if options["beta"] == 1 else [f"beta {options['beta']:g}"]
        return ", ".join(parts)

    @property
    def facts(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        names = ("started", "state", "reason", "epochs_done", "val_loss")
        plain = {"path": str(self.path)} | {name: getattr(self, name) for name in names}
        return plain | self.options | {"evaluations": [each.facts for each in self.evaluations]}


def list_runs(folder: str | os.PathLike[str] | None = None) -> list[Listed]:
    """List the runs in a folder, the newest first.

    Args:
        folder: the folder; `runs`, which may be missing, if left out.

    Raises:
        DataError: the folder is missing, is a file, or cannot be read.
    """
    root = ROOT if folder is None else user_path(folder, option="FOLDER")
    try:
        places = sorted(path for path in root.iterdir() if path.is_dir())
    except OSError as error:
        if folder is None and isinstance(error, FileNotFoundError):
            return []
        raise DataError(
            f"Cannot list the runs in {shown(root)}: {error.strerror or error}.",
            hint="Name a folder of runs.",
        ) from error
    runs = [_listed(Run(path)) for path in places if _is_run(Run(path))]
    return sorted(runs, key=lambda run: run.started, reverse=True)


def _is_run(run: Run) -> bool:
    return os.path.lexists(run.config) or os.path.lexists(run.provenance)


def _listed(run: Run) -> Listed:
    try:
        started = str(run.read_provenance().get("started", ""))
        options = read_options(run.config)
        history = read_metrics(run.metrics)
    except VaecliError as error:
        return Listed(run.path, "", "damaged", error.message)
    finite = [row for row in history if math.isfinite(row["val_loss"])]
    best = min(finite, key=lambda row: row["val_loss"], default=None)
    return Listed(
        run.path,
        started,
        "model" if (run.model / EXACT["decoder"]).exists() else "no model",
        options={name: getattr(options, name) for name in OPTIONS},
        epochs_done=len(history),
        val_loss=None if best is None else best["val_loss"],
        has_mixture=best is not None and best["epoch"] > options.epochs - options.mixture_epochs,
        evaluations=tuple(_evaluated(path, run.path) for path in saved_in(run.path)),
    )


def _evaluated(path: pathlib.Path, folder: pathlib.Path) -> Evaluated:
    try:
        saved = file.read(path)
    except DataError as error:
        return Evaluated(path, error.message, is_current=False)
    quality = saved.quality
    features = (quality.features, quality.features_sha256) if quality else ()
    return Evaluated(path, "", is_current(saved, folder), saved.conditions, saved.values, *features)
