"""What a training run works on: a new run folder, or one taken up again, locked for as long as it trains."""

import contextlib
import dataclasses
import json
import math
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
import tomli_w

from vaecli import files, folders
from vaecli import options as train_options
from vaecli.data import contrast
from vaecli.data.images import MAX_PIXELS, ImageSet
from vaecli.data.load import load, load_named
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.data.photo.prepare import Preparation
from vaecli.data.split import validation_mask
from vaecli.errors import DataError, ModelError, OptionError, TrainingError
from vaecli.export import describe
from vaecli.modelfile import metadata
from vaecli.options import TrainOptions
from vaecli.paths import user_path
from vaecli.processors import available
from vaecli.runs import kept, layout, provenance
from vaecli.runs import state as states
from vaecli.runs.kept import KeptImages
from vaecli.runs.lock import locked
from vaecli.runs.progress import Watcher
from vaecli.runs.state import Saved, State

Interruptible = Callable[[], contextlib.AbstractContextManager[None]]
"""Entered while the data are loaded, where nothing can be lost: a signal may end that at once."""

# Images that stay in the run, so that export needs no data set: to check the files with, and to fit int8 to.
KEPT_VALIDATION, KEPT_TRAINING = 64, 256
KEPT_BYTES = 2**24  # of either, unless 16 are more
CHANGEABLE = ("epochs", "patience", "data")  # when a run is taken up again


@dataclasses.dataclass(frozen=True)
class Job:
    """What is trained, where, and with which images held out.

    Attributes:
        run: the folder; this process holds its lock.
        options: of the run.
        data: the images.
        held_out: (N,) true for the validation images.
        before: the options of a run taken up again, as they were; None for a new run.
        threads: TensorFlow's, within an operation and between operations.
    """

    run: layout.Run
    options: TrainOptions
    data: ImageSet
    held_out: np.ndarray
    before: TrainOptions | None
    threads: list[int]

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the steps of a run: it cannot be taken up with others.

        The data's content is among them, not its name, nor the precision, which a machine may not have.
        """
        deciding = train_options.settings(self.options)
        for name in ("precision", *CHANGEABLE):
            deciding.pop(name, None)
        return {"data": self.data.sha256, "options": deciding}

    def write_config(self) -> None:
        """Write config.toml."""
        files.write_text(self.run.config, tomli_w.dumps(train_options.settings(self.options)))


@contextlib.contextmanager
def begin(
    options: TrainOptions,
    out: pathlib.Path | None,
    watch: Watcher,
    interruptible: Interruptible = nullcontext,
) -> Iterator[Job]:
    """A new run: its data, and its folder with all but results; no folder is left if an option is refused."""
    with interruptible():
        data = load(options.data, "train", warn=watch.note, progress=watch.downloaded)
        data = contrast.for_training(data, stretch=options.stretch, warn=watch.note)
    _require_small(data)
    held_out = hold_out(data, options)
    facts = _facts(data, held_out)
    _require_exportable(data, facts, options)
    run = layout.create(out, data.name)
    try:
        with locked(run.lock):
            named = dataclasses.replace(options, data=_name_to_keep(options, data))
            job = Job(run, named, data, held_out, None, [available()] * 2)
            _fill(job, facts)
            yield job
    except OptionError:
        if not run.checkpoint.exists():
            shutil.rmtree(run.path, ignore_errors=True)
        raise


@contextlib.contextmanager
def reopen(
    path: pathlib.Path,
    changes: Mapping[str, Any],
    watch: Watcher,
    interruptible: Interruptible = nullcontext,
) -> Iterator[Job]:
    """A run that was begun before; temporary files that a killed process left in it go.

    Raises:
        ModelError, ConfigError: `path` is no run.
        TrainingError: it has no state, was trained on other data, or another process trains it.
        OptionError: a change that this run does not admit.
    """
    run = layout.Run(path)
    run.read_provenance()  # a folder that is no run stays as it is
    train_options.read_config(run.config)
    with locked(run.lock):
        for folder in (run.path, run.checkpoint.parent, run.plots, run.sheets):
            folders.remove_leftovers(folder)
        before = train_options.merge(train_options.read_config(run.config))
        saved = states.read(run.checkpoint)
        options = _changed(before, changes, saved.state)
        with interruptible():
            data = load_again(options, watch)
        _require_same(data, saved)
        if "data" in changes:
            options = dataclasses.replace(options, data=_name_to_keep(options, data))
        count = saved.state.threads or [available()] * 2
        yield Job(run, options, data, hold_out(data, options), before, count)


def _require_same(data: ImageSet, saved: Saved) -> None:
    was, now = str(saved.identity.get("data")), data.sha256
    if was != now:
        raise TrainingError(
            f"{data.name} in {data.location} is not what this run was trained on: {was[:12]}... was expected, "
            f"{now[:12]}... came.",
            hint="Say with --data where the images and labels of then are now, or start a new run.",
        )


def _changed(before: TrainOptions, changes: Mapping[str, Any], state: State) -> TrainOptions:
    options = dataclasses.replace(before, **changes)
    begun_epochs = state.epoch + (state.batch > 0)
    if options.epochs != before.epochs and options.epochs < begun_epochs:
        raise OptionError(
            f"--epochs has to be at least {begun_epochs}, which this run has begun; {options.epochs} came.",
            option="--epochs",
        )
    return options


def load_again(options: TrainOptions, watch: Watcher) -> ImageSet:
    """Load the run's data set again, perhaps on another machine; the caller compares its hash.

    Raises:
        DataError: there is none of that name.
    """
    try:
        if options.data in CATALOGUE:  # a folder of that name would have been kept as an absolute path
            data = load_named(options.data, "train", warn=watch.note, progress=watch.downloaded)
        else:
            data = load(options.data, "train", warn=watch.note, progress=watch.downloaded)
    except DataError as error:
        hint = f"{error.hint} Where the same images lie elsewhere on this machine: --data FOLDER."
        raise DataError(error.message, hint=hint.strip()) from error
    return contrast.for_training(data, stretch=options.stretch, warn=lambda _message: None)


def hold_out(data: ImageSet, options: TrainOptions) -> np.ndarray:
    """Return which images belong to validation, (N,) bool.

    Raises:
        DataError: too few images, or nearly all the same.
    """
    try:
        return validation_mask(data.images, fraction=options.validation_split, seed=options.seed)
    except DataError as error:
        raise DataError(f"Cannot split {data.name} in {data.location}. {error.message}") from error


def _name_to_keep(options: TrainOptions, data: ImageSet) -> str:
    """Return what config.toml keeps as `data`: the name of a data set, or the absolute path of a folder."""
    if data.kind == "named" or not options.data:
        return data.name
    return str(user_path(options.data).resolve())


def _facts(data: ImageSet, held_out: np.ndarray) -> dict[str, Any]:
    """What provenance.json says of the data."""
    preparation = Preparation.of_images(data.images)
    return {
        "name": data.name,
        "kind": data.kind,
        "stretch": data.stretch,
        "sha256": data.sha256,
        "count": int((~held_out).sum()),
        "validation_count": int(held_out.sum()),
        "image_shape": list(data.images.shape[1:]),
        "polarity": preparation.polarity,
        "photo": preparation.photo,
        "class_names": list(data.class_names),
    }


def _fill(job: Job, data_facts: dict[str, Any]) -> None:
    run, data, held_out = job.run, job.data, job.held_out
    with files.translating(run.path):
        run.checkpoint.parent.mkdir()
        run.plots.mkdir()
    job.write_config()
    facts = provenance.describe(available()) | {
        "seed": job.options.seed,
        "data": data_facts,
    }
    files.write_text(run.provenance, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    validation, training = _kept(data, held_out, KEPT_VALIDATION), _kept(data, ~held_out, KEPT_TRAINING)
    kept.write(run.kept, KeptImages(data.images[validation], data.images[training]))


def _require_small(data: ImageSet) -> None:
    height, width = data.images.shape[1:3]
    if height * width > MAX_PIXELS:
        raise DataError(
            f"The images of {data.name} have {height:,} x {width:,} pixels; at most {MAX_PIXELS:,} were expected, "
            "or the model could not be exported.",
            hint="Make them smaller.",
        )


def _require_exportable(data: ImageSet, facts: dict[str, Any], options: TrainOptions) -> None:
    """Refuse, before any training, what the reader of exported files would not take: long sides, odd names."""
    try:
        metadata.from_metadata(describe.untrained(facts, options).to_metadata(), "its files")
    except ModelError as error:
        raise DataError(
            f"A model of {data.location} could not be exported. {error.message}", hint="Change the data."
        ) from error


def _kept(data: ImageSet, mask: np.ndarray, count: int) -> np.ndarray:
    """The positions of some that are true, evenly over all: data may lie sorted by class."""
    count = min(count, max(16, KEPT_BYTES // math.prod(data.images.shape[1:])))
    found = np.flatnonzero(mask)
    return found[np.linspace(0, len(found) - 1, min(count, len(found))).astype(np.int64)]
