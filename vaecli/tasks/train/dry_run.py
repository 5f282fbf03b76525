"""`vaecli train --dry-run`: what a run would train, how long an epoch would take, and what would be exported."""

import dataclasses
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from vaecli.export import describe
from vaecli.extras import require
from vaecli.latent.prior_sizes import encoded_count
from vaecli.options import TrainOptions
from vaecli.processors import available
from vaecli.runs.progress import Watcher
from vaecli.tasks.train import attached, images, labels, pretrained
from vaecli.tasks.train.start import exported_sizes
from vaecli.training.networks.layers import Graph
from vaecli.training.tensorflow import quietly, use_threads

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer

FIRST_STEPS = 4  # in the first call, which also makes the graph, and in the second one
SECONDS = 3.0  # of the steps whose time counts
VALIDATED = 512  # images whose validation is timed
FITTED = 4096  # images to which a mixture is fitted for its time


@dataclasses.dataclass(frozen=True)
class LayerForecast:
    """A layer: its part, name, the shape of its output for one image, weights and biases, and multiplications."""

    part: str
    name: str
    output_shape: tuple[int, ...]
    weights: int
    multiplications: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forecast:
    """The figures of a run before it is made.

    Attributes:
        options: its options, with defaults resolved.
        n_train: number of training images.
        n_validation: number of validation images.
        image_shape: (H, W, C).
        layers: of encoder and decoder.
        weights: number of all weights and biases.
        multiplications: for one image through both halves, forward.
        steps: of an epoch.
        seconds_an_epoch: measured on a few steps of this machine; with the validation after it.
        seconds_a_mixture_epoch: the same of an epoch with a mixture as prior, with its fit; None without any.
        memory: bytes of the process at its peak so far, the conversion of both halves included.
        file_sizes: bytes of encoder.onnx and decoder.onnx, without what is attached.
        reduced_sizes: bytes, about, of the copies `encoder.fp16`, `decoder.fp16`, and `decoder.int8` where the
            network and the likelihood have one; without what is attached.
        attached: bytes at most that mixtures, facts about the latent space and test vectors add to each decoder.
    """

    options: TrainOptions
    n_train: int
    n_validation: int
    image_shape: tuple[int, int, int]
    layers: list[LayerForecast]
    weights: int
    multiplications: int
    steps: int
    seconds_an_epoch: float
    seconds_a_mixture_epoch: float | None
    memory: int
    file_sizes: dict[str, int]
    reduced_sizes: dict[str, int]
    attached: int


def dry_run(options: TrainOptions, watch: Watcher, *, devices: int | None = 1) -> Forecast:
    """Load the data, convert the untrained network, take a few steps, and write no run.

    Raises:
        VaecliError: what `train` would raise before its first epoch has ended.
    """
    require("Training needs TensorFlow, tf2onnx and matplotlib", "tensorflow", "tf2onnx", "matplotlib")
    source = pretrained.read(options)
    options, data, held_out, test = images.load_run(options, watch)
    pretrained.require_same(source, options, data)
    description = images.description(data, held_out, options, test)
    with quietly(None):
        from vaecli.training.cluster.devices import Devices
        from vaecli.training.precision import choose
        from vaecli.training.trainer import Trainer
        from vaecli.training.vae import graphs

        use_threads([available()] * 2)
        options = dataclasses.replace(options, precision=choose(options.precision))
        info = describe.untrained(description, options)
        sizes = exported_sizes(info)
        trainer = Trainer(data, held_out, options, checkpoint=None, devices=Devices(devices))
        seconds, with_mixture = _seconds_an_epoch(trainer), None
        if options.mixture_epochs:
            with_mixture = _seconds_an_epoch(trainer, with_mixture=True) + _seconds_a_fit(trainer)
    halves = graphs(
        info.network,
        trainer.vae.likelihood,
        info.image_shape,
        info.latent_dim,
        size=describe.network_size(info),
        label_count=describe.label_count(info),
    )
    outputs = 1 + len(trainer.vae.likelihood.outputs)  # the picture, too
    return Forecast(
        options=options,
        n_train=trainer.n_train,
        n_validation=len(data.images) - trainer.n_train,
        image_shape=info.image_shape,
        layers=[layer for graph in halves for layer in _layers(graph)],
        weights=sum(graph.weights() for graph in halves) + len(trainer.vae.likelihood.parameters),
        multiplications=sum(graph.multiplications() for graph in halves),
        steps=trainer.steps_per_epoch,
        seconds_an_epoch=seconds,
        seconds_a_mixture_epoch=with_mixture,
        memory=_peak_memory(),
        file_sizes=sizes,
        reduced_sizes=attached.reduced_sizes(options, sizes, halves),
        attached=attached.attached_bytes(
            options, trainer.n_train, info.image_shape, outputs, labels.counts(data, held_out) or ()
        ),
    )


def _layers(graph: Graph) -> list[LayerForecast]:
    return [
        LayerForecast(
            graph.name,
            layer.name,
            layer.output_shape(shape),
            layer.weights(shape),
            layer.multiplications(shape),
        )
        for layer, shape in graph.layers()
    ]


def _seconds_an_epoch(trainer: "Trainer", *, with_mixture: bool = False) -> float:
    """Return the seconds of the steps of an epoch and of the validation after it, by timing a part of both."""
    _steps(trainer, FIRST_STEPS, with_mixture=with_mixture)  # makes the graph
    per_step = _steps(trainer, FIRST_STEPS, with_mixture=with_mixture)
    count = min(trainer.steps_per_epoch, max(FIRST_STEPS, round(SECONDS / per_step)))
    per_step = _steps(trainer, count, with_mixture=with_mixture)
    from vaecli.training.validation import Validation

    indices = trainer.validation.indices
    few = Validation(trainer.vae, trainer.data.images, indices[:VALIDATED], seed=trainer.options.seed)
    few.measure()  # makes the graph
    start = time.perf_counter()
    few.measure()
    per_image = (time.perf_counter() - start) / len(few.indices)
    return per_step * trainer.steps_per_epoch + per_image * len(indices)


def _steps(trainer: "Trainer", count: int, *, with_mixture: bool) -> float:
    """Take steps, which change the weights in memory, and return the seconds of one."""
    positions = np.resize(trainer.train_indices, (count, trainer.batch_size)).astype(np.int32)
    rates = trainer.learning_rates(0, count)
    start = time.perf_counter()
    trainer.steps.run(positions, rates, 0, with_mixture=with_mixture)
    return (time.perf_counter() - start) / count


def _seconds_a_fit(trainer: "Trainer") -> float:
    """Return the seconds of the fit of a mixture, in the mean of all, by timing one to a part of the images."""
    from vaecli.training.mixture_prior import ITERATIONS, LATER_ITERATIONS

    count = encoded_count(trainer.n_train, trainer.image_shape, trainer.options.latent_dim)
    few = min(count, FITTED)
    mixture = trainer.mixture_prior(most=few)
    mixture.fit(0)  # makes the graph
    start = time.perf_counter()
    mixture.fit(1)
    later = (time.perf_counter() - start) * count / few
    fits = trainer.options.mixture_epochs
    return later * (ITERATIONS / LATER_ITERATIONS + fits - 1) / fits


def _peak_memory() -> int:
    """Return the bytes of this process at its peak; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
