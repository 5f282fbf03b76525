"""A training run to work on: a new run folder, or an existing one to resume, locked while it trains."""

import contextlib
import dataclasses
import json
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from vaecli import files, folders
from vaecli.config import read_options, write_config
from vaecli.data.collection.report import BadFile
from vaecli.data.images import ImageSet
from vaecli.data.parts import Division
from vaecli.errors import ModelError, OptionError, OutputError, TrainingError
from vaecli.options import TrainOptions
from vaecli.paths import user_path
from vaecli.processors import available
from vaecli.runs import kept, layout, provenance
from vaecli.runs import state as states
from vaecli.runs.lock import locked
from vaecli.runs.progress import Watcher
from vaecli.runs.state import Saved, State
from vaecli.tasks.changes import what_changed
from vaecli.tasks.train import images, kept_images, pictures, pretrained
from vaecli.tasks.train.pretrained import Pretrained

Interruptible = Callable[[], contextlib.AbstractContextManager[None]]
"""Makes a context in which a signal may end the process at once; data are loaded in it, as nothing can be lost."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A run, its options and its images.

    Attributes:
        run: the folder; this process holds its lock.
        options: of the run.
        data: all images.
        held_out: (N,) bool, true for the validation images.
        previous_options: the options of a resumed run before they were changed; None for a new run.
        threads: TensorFlow's threads within an operation and between operations.
        pretrained: the run whose weights are the initial ones of a new run; None for random ones.
    """

    run: layout.Run
    options: TrainOptions
    data: ImageSet
    held_out: np.ndarray
    previous_options: TrainOptions | None
    threads: list[int]
    pretrained: Pretrained | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """Values that decide the steps of a run and must not change when it is resumed."""
        return {"data": self.data.sha256, "options": states.deciding(self.options)}

    def write_config(self) -> None:
        """Write config.toml.

        Raises:
            OutputError: the file cannot be written.
        """
        write_config(self.run.config, self.options)


@contextlib.contextmanager
def begin(
    options: TrainOptions,
    out: pathlib.Path | None,
    watch: Watcher,
    interruptible: Interruptible = nullcontext,
) -> Iterator[Job]:
    """Load the data of a new run, make its folder, and lock it while the body runs.

    If the body fails before a state is saved, the files and folders that this process has made are removed.

    Raises:
        DataError: the data cannot be loaded, or no model of them could be exported.
        OutputError: the folder cannot be made, or is not empty.
        OptionError: --start-from names a run of another network.
    """
    if out is not None:
        out = user_path(out, option="--out", error=OutputError)
        layout.check_free(out)  # reading a folder of photos may take minutes
    source = pretrained.read(options)
    with interruptible():
        options, data, held_out, test = images.load_run(options, watch)
    pretrained.require_same(source, options, data)
    description = images.description(data, held_out, options, test)
    start = None if source is None else images.path_to_keep(source.run.path, "--start-from")
    options = dataclasses.replace(options, data=images.name_to_keep(options, data), start_from=start)
    is_new_folder = out is None or not out.exists()
    run = layout.create(out, data.name)
    try:
        with files.translating(run.path):  # with a umask of 0777 a new folder may not be entered
            entries_before = {entry.name for entry in run.path.iterdir()}
        with locked(run.lock, warn=watch.note), _removed_on_failure(run, entries_before):
            job = Job(run, options, data, held_out, None, [available()] * 2, source)
            _fill(job, description, bad_files := pictures.bad_files(data, test))
            if data.report is not None:
                watch.note(pictures.summary(data, test, run.bad_files if bad_files else None))
            yield job
    except BaseException:
        if is_new_folder:
            with contextlib.suppress(OSError):
                run.path.rmdir()  # fails unless it is empty
        raise


@contextlib.contextmanager
def _removed_on_failure(run: layout.Run, entries_before: set[str]) -> Iterator[None]:
    """If the body fails before a state is saved, remove the entries of the run folder not in `entries_before`."""
    try:
        yield
    except BaseException:
        if not run.checkpoint.exists():
            for entry in run.path.iterdir():
                if entry.name not in entries_before:
                    _remove(entry)
        raise


def _remove(path: pathlib.Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _fill(job: Job, table: dict[str, Any], bad_files: Sequence[BadFile]) -> None:
    """Write config.toml, provenance.json with `table` as `data`, images.npz, and bad_files.csv if there are any."""
    run = job.run
    with files.translating(run.path):
        run.checkpoint.parent.mkdir()
        run.plots.mkdir()
    job.write_config()
    document = provenance.describe(available()) | {"seed": job.options.seed, "data": table}
    if job.pretrained:
        document["start_from"] = job.pretrained.origin
    files.write_text(run.provenance, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    kept.write(run.kept, kept_images.choose(job.data, job.held_out))
    if bad_files:
        files.write_text(run.bad_files, pictures.bad_files_csv(bad_files))


@contextlib.contextmanager
def reopen(
    path: pathlib.Path,
    changes: Mapping[str, Any],
    watch: Watcher,
    interruptible: Interruptible = nullcontext,
) -> Iterator[Job]:
    """Load an existing run, and lock it while the body runs; remove temporary files that a killed process left.

    Raises:
        ModelError, ConfigError: `path` is no run.
        TrainingError: it has no saved state, was trained with other options or on other data, or another process
            trains it.
        OptionError: a change that this run does not allow.
    """
    run = layout.Run(user_path(path, option="--resume", error=ModelError))
    run.read_provenance()  # before anything is written: a folder that is no run stays as it is
    read_options(run.config)
    with locked(run.lock, warn=watch.note):
        for folder in (run.path, run.checkpoint.parent, run.plots, run.sheets):
            folders.remove_leftovers(folder)
        previous_options = read_options(run.config)
        saved = states.read(run.checkpoint)
        options = _changed(previous_options, changes, saved.state)
        states.require_same(saved.identity, saved.identity | {"options": states.deciding(options)})
        with interruptible():
            data = images.load_again(options, watch)
        _require_same(data, saved, run.read_provenance().get("data"), Division.of(options))
        if "data" in changes:
            options = dataclasses.replace(options, data=images.name_to_keep(options, data))
        threads = saved.state.threads or [available()] * 2
        held_out = Division.of(options).held_out(data)
        yield Job(run, options, data, held_out, previous_options, threads)


def _changed(options: TrainOptions, changes: Mapping[str, Any], state: State) -> TrainOptions:
    """Return the options with `changes` applied, after checking them against the run's `state`."""
    begun_epochs = state.epoch + (state.batch > 0)
    limits = (begun_epochs, "number this run has begun"), (options.mixture_epochs, "run's --mixture-epochs")
    least, what = max(limits)
    requested = changes.get("epochs", options.epochs)
    if isinstance(requested, int) and 1 <= requested < least and requested != options.epochs:
        raise OptionError(
            f"--epochs must be at least {least}, the {what}, got {requested}.", option="--epochs"
        )
    return dataclasses.replace(options, **changes)


def _require_same(data: ImageSet, saved: Saved, table: object, division: Division) -> None:
    """Check that `data` has the hash of the run's images.

    `table`, their description in provenance.json, and the division of the run are for the error message.

    Raises:
        TrainingError: it has another hash.
    """
    expected, actual = str(saved.identity.get("data")), data.sha256
    if expected != actual:
        raise TrainingError(
            f"{data.name} in {data.location} is not what this run was trained on: its hash must be "
            f"{expected[:12]}..., got {actual[:12]}.... {what_changed(table, data, division)}",
            hint="Name the folder that has the images and labels of this run with --data, or start a new run.",
        )
