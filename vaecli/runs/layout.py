"""The files of a run folder, new run folders, and the newest run.

A run folder is complete and can be moved:

    runs/<data>-<n>/
      config.toml        every option; `vaecli train --config` on it repeats the run
      provenance.json    versions, command line, git state, data hash, machine, seed
      metrics.csv        one row per epoch
      checkpoint/        the full state, for `--resume`
      model/             encoder.onnx, decoder.onnx, MODEL_CARD.md: what another machine needs
      encoder.keras, decoder.keras
      plots/             curves, reconstructions, samples (also a GIF over the epochs), latent space
      images.npz         64 validation images for the check of the export, 256 training images for int8
      evaluation.npz     values of each image, if `vaecli eval --save` wrote them here
      bad_files.csv      pictures that were left out, and why, if there are any: file, reason
      tensorflow.log     what TensorFlow prints when it starts
"""

import contextlib
import json
import os
import pathlib
from typing import Any

from vaecli import bundled, files, folders
from vaecli.commands import command
from vaecli.errors import ModelError, OutputError

ROOT = pathlib.Path("runs")
EVALUATION = "evaluation"  # begin of the names of saved evaluations
MAX_NAME = 60  # characters of the data's name in that of a run: at most 240 of the 255 bytes a name may have


class Run:
    """The paths of one run folder."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.config = path / "config.toml"
        self.provenance = path / "provenance.json"
        self.metrics = path / "metrics.csv"
        self.kept = path / "images.npz"
        self.bad_files = path / "bad_files.csv"
        self.log = path / "tensorflow.log"
        self.lock = path / "lock"
        self.checkpoint = path / "checkpoint" / "state.npz"
        self.model = path / "model"
        self.encoder = path / "encoder.keras"
        self.decoder = path / "decoder.keras"
        self.plots = path / "plots"
        self.sheets = self.plots / "epochs"
        self.tensorboard = path / "tensorboard"

    @property
    def name(self) -> str:
        """The folder's own name without characters that cannot be printed, for metadata and model cards."""
        return "".join(character for character in self.path.resolve().name if character.isprintable())

    def read_provenance(self) -> dict[str, Any]:
        """Read the provenance, which was written when the run began.

        Raises:
            ModelError: provenance.json is missing or damaged.
        """
        if bundled.model_folder(self.path):
            raise ModelError(
                f"{self.path} must be a run, got the model that comes with vaecli.",
                hint=f"A run of such a model: {command('train', '--data', bundled.MODEL)}",
            )
        try:
            document: dict[str, Any] = dict(json.loads(self.provenance.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{self.path} is not a run of vaecli: {self.provenance.name} is missing or damaged.",
                hint="Name the folder of a run, such as one in runs/; `vaecli train` makes one.",
            ) from error
        return document


def check_free(out: pathlib.Path) -> None:
    """Refuse, before any work, a folder that `create` would refuse after it.

    Raises:
        OutputError: it is not empty, is not a folder, or cannot be looked at.
    """
    with files.translating(out):
        if out.exists() and not out.is_dir():
            raise OutputError(f"--out must name a folder, got the file {out}.", hint="Choose another name.")
        if out.is_dir() and not folders.is_empty(out):
            raise OutputError(
                f"--out must name a new or empty folder; {out} is not empty.",
                hint="Choose another name, or leave --out out.",
            )


def create(out: pathlib.Path | None, data_name: str, root: pathlib.Path = ROOT) -> Run:
    """Make the folder of a new run: `out`, or `runs/<data>-<n>` with the smallest free n from 1 on.

    Raises:
        OutputError: `out` is not empty or not a folder, or the folder cannot be made.
    """
    if out is not None:
        check_free(out)
        with files.translating(out):
            out.mkdir(parents=True, exist_ok=True)
        return Run(out)
    number = 0
    with files.translating(root):
        if root.exists() and not root.is_dir():
            raise OutputError(
                f"Runs go to the folder {root}/, but {root} is a file.",
                hint="Rename it, or name a folder with --out.",
            )
        root.mkdir(parents=True, exist_ok=True)
        while True:
            number += 1
            path = root / f"{data_name[:MAX_NAME]}-{number}"
            with contextlib.suppress(FileExistsError):  # another process may make the same folder meanwhile
                path.mkdir()
                return Run(path)


def newest(root: pathlib.Path = ROOT, *, hint: str = bundled.MODEL_HINT) -> Run:
    """Return the run under `root` that began last, among those that have a model and a readable provenance.json.

    `hint` is what to do if there is none.

    Raises:
        ModelError: there is no such run, or `root` cannot be read.
    """
    started = {run: _started(run) for run in _with_model(root)}
    finished = [run for run, time in started.items() if time]
    if not finished:
        raise ModelError(f"There is no trained model in {root}/.", hint=hint)
    return max(finished, key=started.__getitem__)


def has_models(root: pathlib.Path = ROOT) -> bool:
    """Return whether a run under `root` has a model.

    Raises:
        ModelError: `root` cannot be read.
    """
    return bool(_with_model(root))


def _with_model(root: pathlib.Path) -> list[Run]:
    """Return the runs under `root` that have a model."""
    try:
        runs = [Run(path) for path in root.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        runs = []
    except OSError as error:
        raise ModelError(
            f"Cannot read {root}: {error.strerror or error}.", hint="Name a run with --model."
        ) from error
    return [run for run in runs if os.path.exists(run.model / "decoder.onnx")]  # noqa: PTH110  # never raises


def _started(run: Run) -> str:
    """Return when a run began, ISO 8601; empty if its provenance.json is missing or damaged."""
    try:
        return str(run.read_provenance().get("started", ""))
    except ModelError:
        return ""
