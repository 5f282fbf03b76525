"""An evaluation and its model as a saved evaluation."""

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli import folders
from vaecli.errors import DataError, OptionError, OutputError, VaecliError
from vaecli.files import IfTaken
from vaecli.metrics.evaluation import Evaluation
from vaecli.metrics.saved import file
from vaecli.metrics.saved.about import finite
from vaecli.metrics.saved.evaluation import Conditions, MeasuredModel, SampleQuality, SavedEvaluation
from vaecli.modelfile.metadata import ModelInfo
from vaecli.options import TrainOptions
from vaecli.paths import shown, user_path
from vaecli.runs import provenance
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.origin import find_run
from vaecli.tasks.quality.probe_result import Probes

OPTION = "--save"
NO_SETTINGS = {
    "seed",
    "data",
    "start_from",
    "examples",
    "allow_bad",
}  # options that say nothing of the result
FIGURES = ("best_epoch", "epochs_done", "val_loss", "val_reconstruction", "val_kl")


def check_saving(path: str | os.PathLike[str], *, if_taken: IfTaken) -> pathlib.Path:
    """Return the path of --save; refuse, before anything is computed, one that cannot be written.

    Raises:
        OptionError: another suffix than .npz.
        OutputError: it is taken, or cannot be written.
    """
    target = user_path(path, option=OPTION, error=OutputError)
    if target.suffix.lower() != file.SUFFIX or target.name.lower() == file.SUFFIX:
        raise OptionError(f"{OPTION} must end in {file.SUFFIX}, got {shown(target)}.", option=OPTION)
    folders.require_place(target, if_taken=if_taken)
    return target


def save(
    evaluation: Evaluation,
    model: Model,
    target: pathlib.Path,
    *,
    quality: SampleQuality | None = None,
    probes: Probes | None = None,
    if_taken: IfTaken = "refuse",
) -> pathlib.Path:
    """Write an evaluation with the value of each image, and return its path.

    Raises:
        DataError: the images whose classes were predicted are not those of the evaluation.
        OutputError: the file cannot be written, or is taken.
    """
    if probes is not None and probes.data[1] != evaluation.data_sha256:
        raise DataError("The images changed while they were measured.", hint="Measure again.")
    correct = probes.correct if probes is not None else {}
    saved = SavedEvaluation(
        metrics=evaluation.metrics,
        per_image={name: values for name, values in evaluation.per_image.items() if values.ndim == 1}
        | {name: values.astype(np.float64) for name, values in correct.items()},
        kl_dim=_means(evaluation),
        totals=evaluation.totals,
        conditions=_conditions(evaluation, model),
        model=_model(model),
        quality=quality,
        created=provenance.now(),
        probes=None if probes is None else probes.saved(),
    )
    return file.write(target, saved, if_taken=if_taken)


def _means(evaluation: Evaluation) -> tuple[float, ...]:
    values = evaluation.per_image.get("kl_dim")
    return () if values is None else tuple(np.mean(values, axis=0).tolist())


def _conditions(evaluation: Evaluation, model: Model) -> Conditions:
    return Conditions(
        data=evaluation.data,
        split=evaluation.part or "",
        data_sha256=evaluation.data_sha256,
        n_images=evaluation.n_images,
        likelihood=model.likelihood.name,
        binarised=model.likelihood.binarised,
        labelled=evaluation.labelled,
        prior=evaluation.prior,
        importance_samples=evaluation.importance_samples,
        seed=evaluation.seed,
    )


def _model(model: Model) -> MeasuredModel:
    info, digests = model.info, model.digests
    seed = info.training.get("seed")
    return MeasuredModel(
        name=info.name,
        model_id=info.model_id,
        decoder_sha256=digests["decoder"],
        encoder_sha256=digests["encoder"],
        seed=seed if type(seed) is int else None,
        settings=_settings(info) | _start(info, find_run(model.path)),
        figures=finite({name: info.training.get(name) for name in FIGURES}),
        software={str(name): str(version) for name, version in info.software.items()},
    )


def _settings(info: ModelInfo) -> dict[str, Any]:
    """Return everything that distinguishes two runs except the seed; options that a file lacks have their defaults.

    A run that the user stopped differs from one that came to its end, or that ended because its loss fell no more.
    """
    training = info.training
    settings = {
        field.name: training.get(field.name, field.default)
        for field in dataclasses.fields(TrainOptions)
        if field.name not in NO_SETTINGS
    }
    settings["training_precision"] = settings.pop("precision")
    settings |= {
        "decoder": info.precision,
        "training_data": info.data.get("name"),
        "training_data_sha256": info.data.get("sha256"),
        "image_shape": list(info.image_shape),
        "pixel_stretch": info.data.get("stretch"),
    }
    return settings | {"stopped_after_epoch": _stopped_after(training)}


def _stopped_after(training: Mapping[str, Any]) -> int | None:
    """Return the epoch after which a user stopped the training; None if it came to its end."""
    done, best, limit = (training.get(name) for name in ("epochs_done", "best_epoch", "epochs"))
    patience = training.get("patience", 0)
    if not (
        isinstance(done, int)
        and isinstance(best, int)
        and isinstance(limit, int)
        and isinstance(patience, int)
    ):
        return None
    has_waited = done - best >= patience
    return None if done >= limit or has_waited else done


def _start(info: ModelInfo, run: Run | None) -> dict[str, Any]:
    """Return from which weights a run began, if not from new ones; older files leave it to the run."""
    start = info.training.get("start_from")
    if isinstance(start, dict):
        return {"start_from": start}
    if run is None:
        return {}
    try:
        start = run.read_provenance().get("start_from")
    except VaecliError:
        return {}
    return {"start_from": start} if start else {}
