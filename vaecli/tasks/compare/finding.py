"""Saved evaluations by what a user names: a file, or a run or model folder that holds one."""

import dataclasses
import pathlib

from vaecli.choices import Precision
from vaecli.commands import command
from vaecli.errors import DataError, ModelError
from vaecli.metrics.saved import file
from vaecli.metrics.saved.evaluation import SavedEvaluation
from vaecli.modelfile.find import DECODERS, locate
from vaecli.modelfile.metadata import KEY_DIGEST, from_metadata
from vaecli.modelfile.read import content_of, metadata_texts
from vaecli.paths import shown, user_path
from vaecli.runs.layout import EVALUATION, Run


@dataclasses.dataclass(frozen=True, eq=False)
class Named:
    """A saved evaluation that a user named.

    Attributes:
        label: the name as it was typed.
        path: the file.
        evaluation: its content.
    """

    label: str
    path: pathlib.Path
    evaluation: SavedEvaluation


def find(text: str) -> Named:
    """Read the saved evaluation that a user names.

    Args:
        text: a saved evaluation, or a run, model folder or decoder file beside which one lies.

    Raises:
        DataError: there is none, there are several, or it is damaged or that of other weights.
        ModelError: the run has no model yet.
    """
    path = user_path(text, option="EVALUATIONS")
    if not path.exists():
        raise DataError(
            f"There is no file or folder {shown(path)}.",
            hint=f"Make one: {command('eval', '--save', 'FILE.npz')}",
        )
    if path.is_file() and path.suffix.lower() != ".onnx":
        return Named(text, path, file.read(path))
    folder = path if path.is_dir() else path.parent
    saved = _in_folder(folder)
    if saved is None:
        raise _none(folder)
    evaluation = file.read(saved)
    _require_current(evaluation, folder, saved)
    return Named(text, saved, evaluation)


def saved_in(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the saved evaluations in a run or model folder, in the order of their names."""
    return sorted(path for path in folder.glob(EVALUATION + "*" + file.SUFFIX) if file.is_saved(path))


def make_command(folder: pathlib.Path, *more: str) -> str:
    """Return the command that saves an evaluation of the model in a folder."""
    target = folder / f"{EVALUATION}{file.SUFFIX}"
    return command("eval", "-m", folder, "--save", target, *more)


def is_current(evaluation: SavedEvaluation, folder: pathlib.Path) -> bool:
    """Return whether an evaluation is that of the decoder file in a folder.

    If the file of its precision is not there, that of float32 must have the same weights. A folder without either
    says nothing against it.
    """
    model = evaluation.model
    precision = model.settings.get("decoder")
    decoder = _decoder(folder, precision) if precision in DECODERS else None
    if decoder:
        return decoder[0] == model.decoder_sha256
    decoder = _decoder(folder, "float32")
    return decoder is None or decoder[1] == model.model_id


def _decoder(folder: pathlib.Path, precision: Precision) -> tuple[str | None, str] | None:
    """Return digest and model ID of a decoder file in a folder; None if there is none that can be read."""
    try:
        path, _ = locate(folder, precision)
        texts = metadata_texts(content_of(path), path)
        return texts.get(KEY_DIGEST), from_metadata(texts, path.name).model_id
    except (ModelError, OSError):
        return None


def _in_folder(folder: pathlib.Path) -> pathlib.Path | None:
    """Return the evaluation in a folder or, of the model of a run, in that run; None if there is none."""
    for place in (folder, folder.parent) if folder.name == "model" else (folder,):
        usual = place / f"{EVALUATION}{file.SUFFIX}"
        if usual.exists():
            return usual
        saved = saved_in(place)
        if len(saved) > 1:
            names = ", ".join(path.name for path in saved[:5])
            raise DataError(
                f"{shown(place)} has several saved evaluations: {names}.", hint="Name one of them."
            )
        if saved:
            return saved[0]
    return None


def _none(folder: pathlib.Path) -> DataError:
    """Return the error for a folder without an evaluation, with the command that makes one if it has a model."""
    if not Run(folder).config.exists():
        try:
            locate(folder)
        except ModelError:
            return DataError(f"{shown(folder)} must be a saved evaluation, a run or a model folder.")
    locate(folder)  # of a run without a model the error names the way to finish it
    return DataError(f"{shown(folder)} has no saved evaluation.", hint=f"Make one: {make_command(folder)}")


def _require_current(evaluation: SavedEvaluation, folder: pathlib.Path, saved: pathlib.Path) -> None:
    if not is_current(evaluation, folder):
        raise DataError(
            f"{shown(saved)} is the evaluation of other weights or another prior than {shown(folder)} has now.",
            hint=f"Make it again: {make_command(folder, '--force')}",
        )
