"""`vaecli export`: a run's best weights -> a folder of ONNX files that needs no TensorFlow.

Weights and figures come from one place, the state of the training, in which they belong together; options and data
are those of config.toml and provenance.json.
"""

import contextlib
import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vaecli import files, folders, options
from vaecli.choices import Precision
from vaecli.errors import ModelError, OutputError
from vaecli.export import describe
from vaecli.extras import require
from vaecli.modelfile.facts import Facts, from_arrays
from vaecli.modelfile.find import DECODERS, read_all
from vaecli.modelfile.metadata import PARTS, ModelInfo
from vaecli.modelfile.read import read_file
from vaecli.probability.likelihoods import likelihood
from vaecli.runs import kept, layout
from vaecli.runs import state as states
from vaecli.runs.lock import locked
from vaecli.runs.state import State
from vaecli.training.tensorflow import quietly

if TYPE_CHECKING:
    from vaecli.export.parity import Difference
    from vaecli.training.vae import Vae


@dataclasses.dataclass(frozen=True)
class Exported:
    """The folder that was written, and how far its files are from Keras.

    Attributes:
        folder: that was written.
        table: differences between Keras and the float32 files.
        losses: for each int8 or fp16 decoder, the fields of `export.degradation.Degradation`.
    """

    folder: pathlib.Path
    table: list["Difference"]
    losses: dict[Precision, dict[str, float]]


def export(
    run_path: pathlib.Path,
    *,
    out: pathlib.Path | None = None,
    opset: int | None = None,
    precisions: Sequence[Precision] = (),
    force: bool = False,
) -> Exported:
    """Convert the best weights of a run so far, check the files, and write the model folder.

    Args:
        run_path: the run, of at least one epoch, whatever ended it.
        out: the folder; `model` in the run if left out, and then the run's .keras files are written, too.
        opset: of the ONNX operators; a low one that many runtimes read if left out.
        precisions: of further decoders: `int8`, calibrated on the kept training images and the prior, `fp16`.
        force: write over files of the same name.

    Raises:
        ModelError: not a run, or without an epoch that is done.
        TrainingError: the run's state is missing or damaged, or does not fit its configuration.
        ParityError: a file does not compute what its source computes; none is written.
        OutputError: `out` is not empty, or cannot be written.
    """
    require("Exporting needs TensorFlow and tf2onnx", "tensorflow", "tf2onnx")
    run = layout.Run(run_path)
    run.read_provenance()  # a folder that is no run stays as it is
    with locked(run.lock) if out is None else contextlib.nullcontext():
        return export_locked(run, out=out, opset=opset, precisions=precisions, force=force)


def export_locked(
    run: layout.Run,
    *,
    out: pathlib.Path | None = None,
    opset: int | None = None,
    precisions: Sequence[Precision] = (),
    force: bool = False,
) -> Exported:
    """As `export`, where this process holds the lock of the run, if it is written to."""
    began = run.read_provenance()
    target = out or run.model
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file; a folder was expected.", hint="Choose another -o.")
    if out is None and (run.model / "decoder.onnx").exists() and not force:
        raise OutputError(
            f"{run.model} holds the exported model already.",
            hint="Name a folder with -o, or export it anew with --force.",
        )
    folders.require_free(target, force=force)
    state = _trained_state(run)
    info = _info(run, began, state)
    with quietly(run.log):
        from vaecli.export import convert
        from vaecli.export.folder import export_folder

        vae = _network(info, state)
    if out is None:
        save_keras(run, vae)
    with files.translating(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    table = export_folder(
        vae,
        info,
        kept.read(run.kept),
        target,
        facts=_facts(info, state),
        opset=opset or convert.DEFAULT_OPSET,
        precisions=precisions,
        force=force,
    )
    losses = {name: read_file(target / DECODERS[name]).info.quantisation for name in precisions}
    return Exported(target, table, losses)


def save_keras(run: layout.Run, vae: "Vae") -> None:
    """Write the run's .keras files."""
    from vaecli.training import keras_files

    keras_files.save(vae, run.path, encoder=run.encoder.name, decoder=run.decoder.name)


def is_current(run: layout.Run) -> bool:
    """Whether the run's own model folder is whole, and each file in it holds the best weights and their facts."""
    expected = _info(run, run.read_provenance(), _trained_state(run))
    try:
        found = [file.info for file in read_all(run.model)]
    except ModelError:
        return False
    same = all((info.model_id, info.training) == (expected.model_id, expected.training) for info in found)
    whole = {info.part for info in found} == set(PARTS) and (run.model / "MODEL_CARD.md").exists()
    return same and whole


def _trained_state(run: layout.Run) -> State:
    state = states.read(run.checkpoint).state
    if not state.best_weights:
        raise ModelError(
            f"{run.path} has no epoch that is done, so there is no model to export.",
            hint=f"Go on with it: vaecli train --resume {run.path}",
        )
    return state


def _network(info: ModelInfo, state: State) -> "Vae":
    from vaecli.training import checkpoint
    from vaecli.training.vae import build

    pixels = likelihood(info.likelihood["name"])
    vae = build(info.network, pixels, info.image_shape, info.latent_dim, seed=info.training["seed"])
    checkpoint.restore_best(state, vae.variables)
    return vae


def _facts(info: ModelInfo, state: State) -> Facts:
    sizes = {"latent_dim": info.latent_dim, "class_count": len(info.class_names)}
    return from_arrays(getattr(state, "best_facts", {}), **sizes)


def _info(run: layout.Run, began: dict[str, Any], state: State) -> ModelInfo:
    train_options = options.merge(options.read_config(run.config))
    return describe.trained(began["data"], train_options, state, name=run.name)
