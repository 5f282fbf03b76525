"""The file of a classifier, whose features measure the quality of samples: described, read, checked, written."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from vaecli.errors import ModelError
from vaecli.modelfile.arrays import MALFORMED
from vaecli.modelfile.cost.measure import Cost
from vaecli.modelfile.cost.values import FreeShape
from vaecli.modelfile.graph import Graph
from vaecli.modelfile.metadata import KEY_DIGEST, MAX_INFO
from vaecli.modelfile.metadata_checks import MAX_LABELS, check_image_shape, check_values
from vaecli.modelfile.read import content_of, metadata_texts, require_digest, structure_of
from vaecli.modelfile.write import with_metadata

FORMAT = 1
KEY_CLASSIFIER = "vaecli.classifier"
MAX_FEATURES = 4096
MAKE_ONE = "Make one with `vaecli features train --data DATA`."


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierInfo:
    """Everything needed to use the file of a classifier, and its origin.

    Attributes:
        name: name of the data set that it was trained on.
        image_shape: (H, W, C).
        feature_count: F, number of features of an image.
        class_names: names of the classes, in the order of the logits.
        accuracy: share of held-out training images whose class it finds.
        data: `name`, `sha256`, `count` and `held_out_count` of the images it was trained on.
        training: options of the training.
        software: package name -> version.
        created: time in ISO 8601, UTC.
    """

    name: str
    image_shape: tuple[int, int, int]
    feature_count: int
    class_names: tuple[str, ...]
    accuracy: float
    data: dict[str, Any]
    training: dict[str, Any]
    software: dict[str, str]
    created: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the graph's inputs."""
        return ("image",)

    def interface(self) -> tuple[dict[str, FreeShape], dict[str, FreeShape]]:
        """Return the inputs and the outputs of the graph, name -> shape."""
        outputs: dict[str, FreeShape] = {
            "features": (None, self.feature_count),
            "logits": (None, len(self.class_names)),
        }
        return {"image": (None, *self.image_shape)}, outputs

    def to_metadata(self) -> dict[str, str]:
        """Encode this description as metadata entries."""
        fields = {"format": FORMAT} | dataclasses.asdict(self)
        return {KEY_CLASSIFIER: json.dumps(fields, ensure_ascii=False)}


@dataclasses.dataclass(frozen=True)
class ClassifierFile:
    """The file of a classifier that has been read and checked, before onnxruntime opens it.

    Attributes:
        path: path for messages.
        content: bytes of the file.
        info: description of the classifier.
        graph: operators, constants, inputs and outputs.
        cost: memory and multiplications per image.
        sha256: digest of the file.
    """

    path: pathlib.Path
    content: bytes
    info: ClassifierInfo
    graph: Graph
    cost: Cost
    sha256: str


def to_content(graph: bytes, info: ClassifierInfo) -> bytes:
    """Return the content of a file: an ONNX graph with its description and digest."""
    return with_metadata(graph, info.to_metadata())


def read_classifier(path: pathlib.Path) -> ClassifierFile:
    """Read and check the file of a classifier.

    Raises:
        ModelError: the file cannot be read, or `check_classifier` refuses its bytes.
    """
    return check_classifier(content_of(path), path)


def check_classifier(content: bytes, path: pathlib.Path) -> ClassifierFile:
    """Check the bytes of a file; `path` is for messages.

    Raises:
        ModelError: not the file of a classifier, of another format, damaged, or with a graph that vaecli does not
            write.
    """
    texts = metadata_texts(content, path)
    if KEY_CLASSIFIER not in texts:
        raise ModelError(
            f"{path} must be a classifier that vaecli made, got another ONNX file.", hint=MAKE_ONE
        )
    info = _info(texts[KEY_CLASSIFIER], path)
    require_digest(content, path)
    graph, cost = structure_of(content, path, *info.interface())
    return ClassifierFile(path, content, info, graph, cost, texts[KEY_DIGEST])


def _info(text: str, path: pathlib.Path) -> ClassifierInfo:
    try:
        if len(text) > MAX_INFO:
            raise ValueError(f"its text must have at most {MAX_INFO:,} characters, got {len(text):,}")
        fields = json.loads(text)
        check_values(fields)
        if fields.pop("format") != FORMAT:
            raise ModelError(
                f"{path} has a format that this version does not know.", hint="pip install --upgrade vaecli"
            )
        height, width, channels = fields.pop("image_shape")
        names = tuple(fields.pop("class_names"))
        info = ClassifierInfo(image_shape=(height, width, channels), class_names=names, **fields)
        _check(info)
    except MALFORMED as error:
        raise ModelError(f"The metadata of {path} do not fit: {str(error)[:200]}.", hint=MAKE_ONE) from error
    return info


def _check(info: ClassifierInfo) -> None:
    """Check types and sizes of a description.

    Raises:
        ValueError, TypeError: one does not fit.
    """
    check_image_shape(info.image_shape)
    if type(info.feature_count) is not int or not 1 <= info.feature_count <= MAX_FEATURES:
        raise ValueError(f"feature_count must be 1 to {MAX_FEATURES}, got {info.feature_count!r:.40}")
    if not 1 <= len(info.class_names) <= MAX_LABELS:
        raise ValueError(f"there must be 1 to {MAX_LABELS:,} class_names, got {len(info.class_names):,}")
    texts = (info.name, info.created, *info.class_names, *_table(info.software).values())
    if not all(isinstance(value, str) for value in texts):
        raise TypeError("name, created, class_names and software must be text")
    if type(info.accuracy) is not float or not 0 <= info.accuracy <= 1:
        raise ValueError(f"accuracy must be within 0 and 1, got {info.accuracy!r:.40}")
    if not isinstance(_table(info.data).get("sha256"), str) or not isinstance(_table(info.training), dict):
        raise TypeError("'sha256' of its data must be text")


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"data, training and software must be tables, got {value!r:.40}")
    return value
