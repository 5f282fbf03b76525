"""The check before training: the reader of exported files must accept a model of this size."""

import pathlib

import tensorflow as tf

from vaecli.errors import ModelError
from vaecli.export import describe, opsets
from vaecli.export.folder import to_graphs
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.read import MAX_BYTES, check_content
from vaecli.modelfile.write import with_metadata
from vaecli.probability.likelihoods import from_metadata
from vaecli.training.vae import build, graphs


def exported_sizes(info: ModelInfo) -> dict[str, int]:
    """Build the untrained network, convert encoder and decoder to ONNX, and check each with `check_content`.

    Returns the bytes of each, without test vectors and facts about the latent space.

    The check takes 1 to 2 s for images of 28 x 28, and about 1 s for each further million of weights.

    Raises:
        ModelError: a file is refused, cannot be converted, or does not fit into memory.
    """
    pixels, size = from_metadata(info.likelihood), describe.network_size(info)
    label_count = describe.label_count(info)
    for graph in graphs(
        info.network, pixels, info.image_shape, info.latent_dim, size=size, label_count=label_count
    ):
        count = graph.weights()
        if 4 * count > MAX_BYTES:
            raise ModelError(
                f"The {graph.name} would have {count:,} weights, {4 * count / 2**30:.1f} GiB; an ONNX file holds "
                "less than 2 GiB."
            )
    try:
        vae = build(
            info.network,
            pixels,
            info.image_shape,
            info.latent_dim,
            seed=0,
            size=size,
            label_count=label_count,
        )
        converted = to_graphs(vae, info, opset=opsets.DEFAULT)
        contents = {part: model.SerializeToString() for part, model in converted.items()}
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise ModelError("The network does not fit into memory.") from error
    for part, content in contents.items():
        described = info.as_part(part)
        check_content(with_metadata(content, described.to_metadata()), pathlib.Path(f"{part}.onnx"))
    return {part: len(content) for part, content in contents.items()}
