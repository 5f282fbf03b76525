"""What an exported file says of itself: the metadata of both halves, as a dataclass and as JSON."""

import dataclasses
import json
from typing import Any, Literal, get_args

from vaecli.errors import ModelError

FORMAT = 1
PARTS = ("encoder", "decoder")
Precision = Literal["float32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

KEY_FORMAT = "vaecli.format"
KEY_INFO = "vaecli.info"
KEY_DIGEST = "vaecli.sha256"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """All that is needed to use a file, and where it comes from; no path of the machine that made it.

    Attributes:
        part: `encoder` or `decoder`.
        model_id: the same in both halves of one model.
        name: of the run.
        image_shape: (H, W, C).
        latent_dim: D.
        network: the name of the architecture.
        likelihood: `name`, and `outputs`, the decoder's outputs beside `image`.
        preprocessing: `scale`, which pixels are divided by, and `polarity`.
        prior: `name`.
        class_names: of the labels in the data, in their order.
        data: `name`, `sha256`, and `count` of the images trained on.
        training: options and figures, in nats on the validation images.
        software: names and versions.
        created: ISO 8601, UTC.
        precision: `float32`; a decoder may be `int8`, or `fp16`, which is float32 with weights in half the bytes.
        quantisation: how far an int8 or fp16 file is from the float32 one, see `export.fidelity`; else empty.
    """

    part: str
    model_id: str
    name: str
    image_shape: tuple[int, int, int]
    latent_dim: int
    network: str
    likelihood: dict[str, Any]
    preprocessing: dict[str, Any]
    prior: dict[str, Any]
    class_names: tuple[str, ...]
    data: dict[str, Any]
    training: dict[str, Any]
    software: dict[str, str]
    created: str
    precision: str = "float32"
    quantisation: dict[str, Any] = dataclasses.field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """The entries for the file, but for the digest."""
        return {KEY_FORMAT: str(FORMAT), KEY_INFO: json.dumps(dataclasses.asdict(self), ensure_ascii=False)}


def from_metadata(entries: dict[str, str], where: str) -> ModelInfo:
    """Read the entries of a file.

    Raises:
        ModelError: not one of our files, one of a later format, or entries that do not fit.
    """
    if KEY_FORMAT not in entries or KEY_INFO not in entries:
        raise ModelError(
            f"{where} is an ONNX file, but not one that vaecli made.", hint="Make one with `vaecli export`."
        )
    if entries[KEY_FORMAT] != str(FORMAT):
        raise ModelError(
            f"{where} has format {entries[KEY_FORMAT][:20]}; this vaecli reads format {FORMAT}.",
            hint="Get the version that made it, or a later one: pip install --upgrade vaecli",
        )
    try:
        fields = json.loads(entries[KEY_INFO])
        height, width, channels = (int(size) for size in fields.pop("image_shape"))
        info = ModelInfo(
            image_shape=(height, width, channels), class_names=tuple(fields.pop("class_names")), **fields
        )
        _check(info)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"The metadata of {where} does not fit: {error}.", hint="Export it again."
        ) from error
    return info


def _check(info: ModelInfo) -> None:
    if info.part not in PARTS:
        raise ValueError(f"part is {info.part!r}")
    if info.precision not in PRECISIONS:
        raise ValueError(f"precision is {info.precision!r}")
    if not all(1 <= size <= 4096 for size in info.image_shape):
        raise ValueError(f"image_shape is {info.image_shape}")
    if type(info.latent_dim) is not int or not 1 <= info.latent_dim <= 4096:
        raise ValueError(f"latent_dim is {info.latent_dim!r}")
    for name in ("likelihood", "preprocessing", "prior", "data", "training", "software", "quantisation"):
        if not isinstance(getattr(info, name), dict):
            raise TypeError(f"{name} is no table")
    for table, key in ((info.preprocessing, "polarity"), (info.data, "name"), (info.likelihood, "name")):
        if not isinstance(table.get(key), str):
            raise ValueError(f"{key!r} is missing")
    outputs = info.likelihood.get("outputs")
    if not isinstance(outputs, list) or not all(isinstance(name, str) for name in outputs):
        raise ValueError("the likelihood's 'outputs' are missing")
