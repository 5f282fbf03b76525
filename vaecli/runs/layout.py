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
      tensorflow.log     what TensorFlow prints when it starts
"""

import json
import pathlib
from typing import Any

from vaecli import files, folders
from vaecli.errors import ModelError, OutputError

ROOT = pathlib.Path("runs")


class Run:
    """The paths of one run folder."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.config = path / "config.toml"
        self.provenance = path / "provenance.json"
        self.metrics = path / "metrics.csv"
        self.kept = path / "images.npz"
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
        """The folder's own name, of the characters that can be shown, which alone may stand in a file."""
        return "".join(character for character in self.path.resolve().name if character.isprintable())

    def read_provenance(self) -> dict[str, Any]:
        """The provenance as written when the run began.

        Raises:
            ModelError: it is missing or damaged.
        """
        try:
            document: dict[str, Any] = dict(json.loads(self.provenance.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{self.path} is not a run of vaecli: {self.provenance.name} is missing or damaged.",
                hint="Name the folder of a run, as they lie under runs/; `vaecli train` begins one.",
            ) from error
        return document


def create(out: pathlib.Path | None, data_name: str, root: pathlib.Path = ROOT) -> Run:
    """Make the folder of a new run: `out`, or the next free `runs/<data>-<n>`.

    Raises:
        OutputError: `out` is there and not empty, or cannot be made.
    """
    if out is not None:
        with files.translating(out):
            if out.exists() and not out.is_dir():
                raise OutputError(f"{out} is a file; --out names a folder.", hint="Choose another name.")
            if out.is_dir() and not folders.is_empty(out):
                raise OutputError(
                    f"{out} is a folder that is not empty.", hint="Choose another --out, or leave it out."
                )
            out.mkdir(parents=True, exist_ok=True)
        return Run(out)
    number = 1
    with files.translating(root):
        root.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                (root / f"{data_name}-{number}").mkdir()
                return Run(root / f"{data_name}-{number}")
            except FileExistsError:  # also one that another process has made meanwhile
                number += 1


def newest(root: pathlib.Path = ROOT) -> Run:
    """The run under `root` that began last, among those that have a model and say when they began.

    Raises:
        ModelError: there is none.
    """
    runs = [Run(path) for path in root.iterdir()] if root.is_dir() else []
    began = {run: _started(run) for run in runs if (run.model / "decoder.onnx").exists()}
    finished = [run for run, started in began.items() if started]
    if not finished:
        raise ModelError(
            f"There is no trained model under {root}/ here.",
            hint="Train one with `vaecli train`, or name one with --model.",
        )
    return max(finished, key=began.__getitem__)


def _started(run: Run) -> str:
    """When a run began, ISO 8601; empty for one whose provenance is missing or damaged."""
    try:
        return str(run.read_provenance().get("started", ""))
    except ModelError:
        return ""
