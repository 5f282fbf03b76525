"""A trained classifier as an ONNX file, compared with Keras before anything is written."""

import pathlib

import numpy as np
import tensorflow as tf

from vaecli.export import convert, opsets, parity
from vaecli.modelfile.classifier import ClassifierInfo, check_classifier, to_content
from vaecli.pixels import to_float32, to_uint8
from vaecli.runtime.classifier import Classifier as Runtime
from vaecli.training.classifier.network import Classifier


def to_file(classifier: Classifier, info: ClassifierInfo, images: np.ndarray) -> bytes:
    """Return the content of the file of a classifier.

    Args:
        classifier: the trained network.
        info: its description.
        images: (N, H, W, C) uint8, real images to compare with Keras on.

    Raises:
        ModelError: the conversion fails.
        ParityError: the file computes something else than Keras.
    """
    graph = convert.to_onnx(
        lambda inputs: _outputs(classifier, inputs["image"]),
        {"image": info.image_shape},
        opset=opsets.DEFAULT,
    )
    graph.producer_name, graph.producer_version = "vaecli", info.software["vaecli"]
    content = to_content(graph.SerializeToString(), info)
    exported = Runtime(check_classifier(content, pathlib.Path("features.onnx")))

    def run(inputs: parity.Arrays) -> parity.Arrays:
        return exported.classify(to_uint8(inputs["image"]))._asdict()

    def reference(inputs: parity.Arrays) -> parity.Arrays:
        image = to_float32(to_uint8(inputs["image"]))
        return convert.reference(lambda tensors: _outputs(classifier, tensors["image"]), {"image": image})

    parity.require(parity.compare("classifier", parity.image_inputs(images), reference, run))
    return content


def _outputs(classifier: Classifier, image: tf.Tensor) -> dict[str, tf.Tensor]:
    features = classifier.features(image)
    return {"features": features, "logits": classifier.logits(features)}
