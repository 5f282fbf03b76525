"""Where the files of a model lie, given what a user has: a run, a model folder or a decoder file."""

import pathlib

from vaecli.choices import Precision
from vaecli.errors import ModelError
from vaecli.modelfile.read import ModelFile, read_file

DECODERS: dict[Precision, str] = {
    "float32": "decoder.onnx",
    "fp16": "decoder.fp16.onnx",
    "int8": "decoder.int8.onnx",
}


def locate(path: pathlib.Path, precision: Precision = "float32") -> tuple[pathlib.Path, pathlib.Path]:
    """Where the decoder and encoder.onnx of a run, a model folder or a decoder file are, or would be.

    A decoder.onnx that is named stands for the decoder of another precision beside it.

    Raises:
        ModelError: there is no decoder.
    """
    name = DECODERS[precision]
    if path.is_dir():
        for folder in (path, path / "model"):
            if (folder / name).exists():
                return folder / name, folder / "encoder.onnx"
        raise _no_decoder(path, precision)
    if not path.exists():
        raise ModelError(
            f"There is no {path}.", hint="Train a model with `vaecli train`, or name one with --model."
        )
    if path.name == DECODERS["float32"] and precision != "float32":
        path = path.with_name(name)
        if not path.exists():
            raise _no_decoder(path.parent, precision)
    return path, path.with_name("encoder.onnx")


def read_all(path: pathlib.Path) -> list[ModelFile]:
    """The decoder that a path leads to, and the encoder and other decoders that lie beside it.

    Args:
        path: a run, a model folder or a decoder file.

    Raises:
        ModelError: there is no decoder, or a file is damaged or belongs to another model.
    """
    try:
        decoder, encoder = locate(path)
        beside = [encoder, *(decoder.with_name(name) for name in DECODERS.values())]
        found = [other for other in beside if other != decoder and other.exists()]
    except OSError as error:  # a name too long, a folder that may not be entered
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error
    files = [read_file(decoder), *(read_file(other) for other in found)]
    if files[0].info.part != "decoder":
        raise ModelError(f"{decoder} is an encoder; a decoder was expected.", hint="Name the decoder.onnx.")
    for file in files[1:]:
        if file.info.model_id != files[0].info.model_id:
            raise ModelError(
                f"{file.path} and {decoder.name} belong to two models.", hint="Copy both from one export."
            )
    return files


def export_again(folder: pathlib.Path, precision: Precision) -> str:
    """The command that adds a decoder of a precision to a run, or to a model folder, whose run may be elsewhere."""
    run = folder.parent if folder.name == "model" else folder
    if (run / "model" / DECODERS["float32"]).exists():
        return f"vaecli export -m {run} --{precision} --force"
    return f"vaecli export -m RUN -o {folder} --{precision} --force"


def _no_decoder(folder: pathlib.Path, precision: Precision) -> ModelError:
    plain, wanted = DECODERS["float32"], DECODERS[precision]
    if precision != "float32" and any((place / plain).exists() for place in (folder, folder / "model")):
        return ModelError(
            f"{folder} holds a {plain} without a {wanted}.",
            hint=f"Add it: {export_again(folder, precision)}",
        )
    found = "an encoder.onnx without a" if (folder / "encoder.onnx").exists() else "no"
    return ModelError(
        f"{folder} holds {found} {wanted}; a run or a model folder was expected.",
        hint="Train one with `vaecli train`, or name it with --model.",
    )
