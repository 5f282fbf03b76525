"""The files of a model, located by the path of a run, a model folder or a decoder file, or by its name."""

import pathlib

from vaecli import bundled
from vaecli.choices import Precision
from vaecli.commands import command
from vaecli.errors import ModelError
from vaecli.modelfile.read import ModelFile, read_file
from vaecli.paths import user_path

ENCODERS: dict[Precision, str] = {"float32": "encoder.onnx", "fp16": "encoder.fp16.onnx"}
CARD = "MODEL_CARD.md"
DECODERS: dict[Precision, str] = {
    "float32": "decoder.onnx",
    "fp16": "decoder.fp16.onnx",
    "int8": "decoder.int8.onnx",
}
EXACT = {"encoder": ENCODERS["float32"], "decoder": DECODERS["float32"]}  # by part
FILES = (*ENCODERS.values(), *DECODERS.values())  # of a model, as far as they are there
RUN_FILE = "config.toml"  # every run has it from its start


def locate(path: pathlib.Path, precision: Precision = "float32") -> tuple[pathlib.Path, pathlib.Path]:
    """Return the paths of the decoder, which exists, and of the encoder beside it, which may be missing.

    Args:
        path: a run, a model folder, a decoder file, or `fashion-mnist` for the model that comes with vaecli. With
            another precision, decoder.onnx stands for the decoder of that precision beside it.
        precision: precision of the decoder; the bundled model is in fp16 alone, which float32 opens, too.

    Raises:
        ModelError: there is no decoder.
    """
    name = DECODERS[precision]
    path = user_path(path, option="--model", error=ModelError)
    if folder := bundled.model_folder(path):
        return _bundled(folder, precision)
    if path.is_dir():
        for folder in (path, path / "model"):
            if (folder / name).exists():
                return folder / name, _encoder(folder / name)
        raise _no_decoder(path, precision)
    if not path.exists():
        raise ModelError(f"There is no {path}.", hint=bundled.MODEL_HINT)
    if path.name == DECODERS["float32"] and precision != "float32":
        path = path.with_name(name)
        if not path.exists():
            raise _no_decoder(path.parent, precision)
    return path, _encoder(path)


def _bundled(folder: pathlib.Path, precision: Precision) -> tuple[pathlib.Path, pathlib.Path]:
    """Return the paths of the decoder and the encoder of the model that comes with the package."""
    decoder = folder / DECODERS["fp16"]
    if precision == "int8":
        raise ModelError(
            f"{bundled.MODEL}, the model that comes with vaecli, is in fp16, got --precision {precision}.",
            hint="Leave --precision out, or name another model.",
        )
    if not decoder.exists():
        raise ModelError(
            f"{bundled.MODEL}, the model that comes with vaecli, is missing.", hint=bundled.REINSTALL
        )
    return decoder, _encoder(decoder)


def _encoder(decoder: pathlib.Path) -> pathlib.Path:
    """Return the path of the encoder beside a decoder: beside decoder.fp16.onnx that in fp16 if there is one."""
    if decoder.name == DECODERS["fp16"] and decoder.with_name(ENCODERS["fp16"]).exists():
        return decoder.with_name(ENCODERS["fp16"])
    return decoder.with_name(ENCODERS["float32"])


def read_all(path: pathlib.Path) -> list[ModelFile]:
    """Read and check the decoder that a path leads to, then its encoder and all other files of the model.

    Args:
        path: a run, a model folder or a decoder file.

    Raises:
        ModelError: there is no decoder, or a file is damaged or belongs to another model.
    """
    try:
        decoder, encoder = locate(path)
        names = dict.fromkeys([encoder.name, *FILES])
        beside = [decoder.with_name(name) for name in names if name != decoder.name]
        beside = [path for path in beside if path.exists()]
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error
    files = [read_file(decoder), *map(read_file, beside)]
    if files[0].info.part != "decoder":
        raise ModelError(f"{decoder} must be a decoder, got an encoder.", hint="Name the decoder.onnx.")
    for file in files[1:]:
        if file.info.model_id != files[0].info.model_id:
            raise ModelError(
                f"{file.path} and {decoder.name} belong to two models.", hint="Copy both from one export."
            )
    return files


def export_again(folder: pathlib.Path, precision: Precision) -> str:
    """Return the command that adds a decoder of a precision to a run or a model folder."""
    run = folder.parent if folder.name == "model" else folder
    if (run / "model" / DECODERS["float32"]).exists():
        return command("export", "-m", run, f"--{precision}", "--force")
    return command("export", "-m", "RUN", "-o", folder, f"--{precision}", "--force")


def _no_decoder(folder: pathlib.Path, precision: Precision) -> ModelError:
    exact, missing = DECODERS["float32"], DECODERS[precision]
    if precision != "float32" and any((place / exact).exists() for place in (folder, folder / "model")):
        return ModelError(
            f"{folder} has a {exact} but no {missing}.", hint=f"Add it: {export_again(folder, precision)}"
        )
    if (folder / RUN_FILE).exists():
        finish, export = command("train", "--resume", folder), command("export", "-m", folder)
        return ModelError(
            f"The run {folder} has no model yet.",
            hint=f"Finish its training: {finish}, or export its best weights: {export}",
        )
    content = "an encoder.onnx but no" if (folder / ENCODERS["float32"]).exists() else "no"
    return ModelError(
        f"{folder} must be a run or a model folder, but has {content} {missing}.", hint=bundled.MODEL_HINT
    )
