"""The metadata of a model, made from the options, the data and the state of a run."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaecli import options
from vaecli.data.photo.prepare import Preparation
from vaecli.modelfile.metadata import ModelInfo, inputs_of
from vaecli.options import TrainOptions
from vaecli.pixels import SCALE
from vaecli.probability.likelihoods import Likelihood, likelihood
from vaecli.runs import provenance
from vaecli.runs.state import State
from vaecli.training.networks import table
from vaecli.training.networks.shared import Size

DESCRIBED = ("name", "kind", "stretch", "sha256", "count", "validation_count")
PATHS = ("data", "start_from")  # options that name places on this machine
OPTIONAL = ("test_sha256", "test_count", "class_counts")  # absent in runs of before they were written


def untrained(data: Mapping[str, Any], train_options: TrainOptions) -> ModelInfo:
    """Describe a model before training, from its options and `data`, the table of that name in provenance.json."""
    height, width, channels = data["image_shape"]
    preparation = Preparation.from_metadata({"scale": SCALE} | dict(data), (height, width, channels))
    pixels = likelihood(train_options.likelihood, binarised=train_options.binarize)
    return ModelInfo(
        part="decoder",
        model_id="",
        name="",
        image_shape=(height, width, channels),
        latent_dim=train_options.latent_dim,
        network=train_options.network,
        likelihood=_likelihood(pixels),
        preparation=preparation.to_metadata(),
        prior={"name": "normal"},
        class_names=tuple(data["class_names"]),
        data={name: data[name] for name in DESCRIBED} | {name: data.get(name) for name in OPTIONAL},
        training={
            name: value for name, value in options.settings(train_options).items() if name not in PATHS
        },
        software=provenance.versions(),
        created=provenance.now(),
        inputs=inputs_of("decoder", conditional=train_options.conditional),
    )


def trained(
    data: Mapping[str, Any],
    train_options: TrainOptions,
    state: State,
    *,
    name: str,
    start_from: Mapping[str, Any] | None = None,
) -> ModelInfo:
    """Describe the model with the best weights of the run `name`, and the validation losses of these weights.

    `start_from` says whose weights were the initial ones: name, epoch and model_id of a run; None for random ones.
    """
    best = state.history[state.best_epoch - 1]
    figures = {column: best[column] for column in ("val_loss", "val_reconstruction", "val_kl")}
    info = untrained(data, train_options)
    training = info.training | {"best_epoch": state.best_epoch, "epochs_done": state.epoch} | figures
    if state.mixture_since:
        training["mixture_since"] = state.mixture_since
    if start_from is not None:
        training["start_from"] = dict(start_from)
    pixels = likelihood(train_options.likelihood, binarised=train_options.binarize)
    learned = {parameter: float(state.best_weights[parameter]) for parameter in pixels.parameters}
    return info.replace(
        model_id=model_id(state.best_weights),
        name=name,
        training=training,
        likelihood=_likelihood(pixels.with_parameters(learned)),
    )


def _likelihood(pixels: Likelihood) -> dict[str, Any]:
    """Return the metadata of a likelihood."""
    return {
        "name": pixels.name,
        "outputs": list(pixels.outputs),
        "note": pixels.note,
        "parameters": pixels.parameters,
        "binarised": pixels.binarised,
    }


def model_id(weights: Mapping[str, np.ndarray]) -> str:
    """Hash the float32 weights of encoder and decoder, path -> array, to 32 hexadecimal digits."""
    hasher = hashlib.sha256()
    for path, value in sorted(weights.items()):
        hasher.update(f"{path} {value.shape};".encode())
        hasher.update(np.ascontiguousarray(value, "<f4").tobytes())
    return hasher.hexdigest()[:32]


def label_count(info: ModelInfo) -> int:
    """Return the number of classes that a conditional model takes as labels; 0 for a model without that input."""
    return len(info.class_names) if info.is_conditional else 0


def network_size(info: ModelInfo) -> Size:
    """Return width and depth of a model's network; runs of before there was a choice have the defaults."""
    options = info.training
    return table.size(info.network, info.image_shape, width=options.get("width"), depth=options.get("depth"))
