"""The largest sizes of exported files: what decoders hold beside their network, and copies of reduced precision."""

import math
from collections.abc import Mapping, Sequence

from vaecli.choices import INT8_LIKELIHOODS, INT8_NETWORKS
from vaecli.latent.prior_sizes import MixtureSize, largest_mixtures
from vaecli.metrics import score_fit
from vaecli.modelfile import facts
from vaecli.modelfile.golden import KEPT_BYTES
from vaecli.options import TrainOptions
from vaecli.training.networks.layers import Graph, TransposedConvolution, Weighted

GOLDEN_INPUTS = 5  # test vectors of a file
FLOAT32, FLOAT64 = 4, 8
ROOM, ROOM_OF_CLASS = (
    40_000,
    64,
)  # bytes of the quantiles of scores and of the description; of the name of a class


def attached_bytes(
    options: TrainOptions,
    n_train: int,
    shape: tuple[int, int, int],
    outputs: int,
    class_counts: Sequence[int] = (),
) -> int:
    """Return the bytes that mixtures, facts and test vectors take in a decoder file at most; arrays are in base64.

    Args:
        options: of the run.
        n_train: number of training images.
        shape: (H, W, C) of the images.
        outputs: number of the decoder's outputs, each an image (H, W, C).
        class_counts: number of training images of each class; empty for data without labels.
    """
    dim, classes = options.latent_dim, len(class_counts)
    of_prior = largest_mixtures(options.prior, options.components, n_train, dim, class_counts)
    sizes = [*of_prior, _of_score(n_train, dim)]
    raw = sum(_mixture_bytes(size, dim + 2) for size in sizes)
    values = (
        min(dim * dim, facts.MAX_VALUES) + min(classes * dim, facts.MAX_CLASS_VALUES) + 3 * dim + 2 * classes
    )
    raw += FLOAT64 * (values + facts.MAX_EXAMPLES)
    raw += FLOAT32 * min(facts.MAX_EXAMPLES * dim, facts.MAX_VALUES)
    raw += min(KEPT_BYTES, FLOAT32 * GOLDEN_INPUTS * outputs * math.prod(shape))
    raw += FLOAT32 * GOLDEN_INPUTS * (dim + classes)
    return 4 * raw // 3 + ROOM + ROOM_OF_CLASS * classes


def _of_score(n_train: int, dim: int) -> MixtureSize:
    """Return the size of the largest mixture of `score`, over any of the dimensions and two more coordinates."""
    sizes = []
    for size in range(3, dim + 3):
        components, diagonal = score_fit.mixture_size(min(n_train, score_fit.MOST_MEASURED), size)
        sizes.append(MixtureSize(components, size if diagonal else size * (size + 1) // 2))
    return max(sizes, key=lambda size: size.components * (size.scales + dim))


def _mixture_bytes(size: MixtureSize, dim: int) -> int:
    return size.components * (FLOAT64 + FLOAT32 * (dim + size.scales))


def reduced_sizes(
    options: TrainOptions, file_sizes: Mapping[str, int], halves: Sequence[Graph]
) -> dict[str, int]:
    """Return about how many bytes the copies in fp16 and int8 have, by their names, without what is attached.

    Args:
        options: of the run.
        file_sizes: `encoder` and `decoder` -> bytes in float32.
        halves: encoder and decoder.
    """
    sizes = {f"{half.name}.fp16": file_sizes[half.name] - FLOAT32 * half.weights() // 2 for half in halves}
    if options.network in INT8_NETWORKS and options.likelihood in INT8_LIKELIHOODS:
        decoder = halves[1]
        sizes["decoder.int8"] = file_sizes[decoder.name] - FLOAT32 * decoder.weights() + _int8_bytes(decoder)
    return sizes


def _int8_bytes(decoder: Graph) -> int:
    """Return the bytes of an int8 decoder's numbers: the first layer stays float32.

    Each other unit has a scale and a bias in float32. Upsampling layers, two convolutions each, have 12 weights in
    place of 9.
    """
    layers = [(layer, shape) for layer, shape in decoder.layers() if isinstance(layer, Weighted)]
    total = FLOAT32 * layers[0][0].weights(layers[0][1])
    for layer, shape in layers[1:]:
        kernel = layer.weights(shape) - layer.units
        is_upsampling = isinstance(layer, TransposedConvolution) and layer.stride == 2
        total += (4 * kernel // 3 if is_upsampling else kernel) + 2 * FLOAT32 * layer.units
    return total
