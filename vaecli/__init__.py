"""Variational autoencoders: train with one command, run anywhere from two ONNX files.

The public Python API; everything else may change between versions:

    vaecli.Model                       an exported model: encode, decode, reconstruct, sample, interpolate,
                                       score
    vaecli.train, vaecli.TrainOptions  train a model; needs the `train` extra
    vaecli.errors, vaecli.VaecliError  the exceptions that both raise, and their root
    vaecli.__version__

`import vaecli` loads nothing. `vaecli.Model` loads numpy and onnxruntime, `vaecli.train(...)` also TensorFlow.

The flow of data:

    pictures -> data -> training -> export -> encoder.onnx, decoder.onnx
             -> runtime -> z_mean, z_log_var -> latent -> z -> runtime -> pictures, metrics

The packages. Each imports only from lines above it; tests/test_imports.py holds the exact table.

    errors, files, options, ...   modules of this folder: standard library and numpy; bundled_models/ is the model
                   that comes along
    tables/        tables of results, written row by row: .csv, .jsonl, .npz
    probability/   likelihoods, Gaussian formulas, bounds: each formula once, for numpy and for Keras
    data/          images in: named data sets, folders and archives of pictures, arrays, a user's picture
    latent/        latents: draws that depend on (seed, index) alone, paths, grids
    modelfile/     an .onnx file of ours: find, read, check, describe, write; without onnxruntime
    metrics/       evaluation and scores by an encoder and a decoder, in numpy
    runtime/       runs the model files: the only home of onnxruntime
    pictures/      images out: sheets, strips, GIFs, arrays, terminal cells, plots
    pages/         pages out: a model and its explorer as one HTML file, and a server for it
    report/        the report of an evaluation: one HTML page, and Markdown
    runs/          the run folder: layout, lock, provenance, history, state file
    training/      networks, objective, loop, checkpoint, cluster: the home of tensorflow and keras
    export/        Keras to ONNX, checked; int8 and fp16: the only home of tf2onnx and onnx
    baselines/     other runtimes on the same weights, for `vaecli bench`, each in a process of its own
    tasks/         one library function per command
    cli/           the only home of typer and rich
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaecli import errors
    from vaecli.errors import VaecliError
    from vaecli.options import TrainOptions
    from vaecli.runtime.model import Model
    from vaecli.tasks.train.train import train

__all__ = ["Model", "TrainOptions", "VaecliError", "__version__", "errors", "train"]

_MODULES = {
    "Model": "vaecli.runtime.model",
    "TrainOptions": "vaecli.options",
    "VaecliError": "vaecli.errors",
    "train": "vaecli.tasks.train.train",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name == "__version__":
        metadata = importlib.import_module("importlib.metadata")  # costs 10 ms
        try:
            return metadata.version("vaecli")
        except (
            metadata.PackageNotFoundError
        ):  # in a frozen program, or from a source tree that is not installed
            return "unknown"
    if name == "errors":
        return importlib.import_module("vaecli.errors")
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'vaecli' has no attribute {name!r}")
