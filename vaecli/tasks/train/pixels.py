"""The pixel values of a run's images, and the likelihoods that fit them."""

import numpy as np

from vaecli.choices import DENSITIES
from vaecli.data.images import CHUNK, ImageSet
from vaecli.options import TrainOptions
from vaecli.pixels import chunks
from vaecli.runs.progress import Watcher


def note_density(data: ImageSet, options: TrainOptions, watch: Watcher) -> None:
    """Note a likelihood whose density grows as far as it can, since every pixel is one of two values."""
    if options.likelihood in DENSITIES and _has_two_values(data):
        watch.note(
            f"The pixels of {data.name} have at most two values, where the density of --likelihood "
            f"{options.likelihood} grows {DENSITIES[options.likelihood]}: its nats mean little. "
            "--likelihood bernoulli fits them."
        )


def _has_two_values(data: ImageSet) -> bool:
    """Return whether all pixels have at most two values; most sets have a third one in their first images."""
    values: set[int] = set()
    for part in chunks(len(data.images), data.images.shape[1:], most=CHUNK):
        values.update(np.unique(data.images[part]).tolist())
        if len(values) > 2:
            return False
    return True
