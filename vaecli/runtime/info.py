"""What an exported file says of itself: the metadata of both halves, as a dataclass and as JSON."""

import dataclasses
import json
import math
from typing import Any, Literal, get_args

from vaecli.errors import ModelError
from vaecli.runtime.plain_text import is_plain

FORMAT = 1
PARTS = ("encoder", "decoder")
Precision = Literal["float32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

KEY_FORMAT = "vaecli.format"
KEY_INFO = "vaecli.info"
KEY_DIGEST = "vaecli.sha256"

MAX_INFO = 2**20  # characters; its JSON takes some twenty times as much in memory
MAX_TEXT = 1024  # characters of a name or a value
MAX_DEPTH = 4  # of tables within tables
CHANNELS = (1, 3)
MAX_SIDE, MAX_VALUES = 4096, 2**23  # pixels along a side; pixels times channels: a sheet of 64 takes 512 MiB


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
            f"{where} has format {entries[KEY_FORMAT][:20]!r}; this vaecli reads format {FORMAT}.",
            hint="Get the version that made it, or a later one: pip install --upgrade vaecli",
        )
    try:
        if len(entries[KEY_INFO]) > MAX_INFO:
            raise ValueError(f"{len(entries[KEY_INFO]):,} characters; {MAX_INFO:,} are the most")
        fields = json.loads(entries[KEY_INFO])
        _check_values(fields)
        height, width, channels = fields.pop("image_shape")
        info = ModelInfo(
            image_shape=(height, width, channels), class_names=tuple(fields.pop("class_names")), **fields
        )
        _check(info)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"The metadata of {where} does not fit: {error}.", hint="Export it again."
        ) from error
    return info


def _check_values(value: Any, depth: int = 0) -> None:
    """Refuse, anywhere inside, what a terminal should not be given, numbers that are none, and endless nesting."""
    if isinstance(value, str) and not (len(value) <= MAX_TEXT and is_plain(value)):
        raise ValueError(f"a text that is too long or has control characters in it, {value[:40]!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a number is {value}")
    if isinstance(value, dict | list):
        if depth == MAX_DEPTH:
            raise ValueError("tables within tables")
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            _check_values(part, depth + 1)


def _check(info: ModelInfo) -> None:
    if info.part not in PARTS:
        raise ValueError(f"part is {info.part!r}")
    if info.precision not in PRECISIONS:
        raise ValueError(f"precision is {info.precision!r}")
    shape = info.image_shape
    if not all(type(size) is int and 1 <= size <= MAX_SIDE for size in shape):
        raise ValueError(f"image_shape is {shape}")
    if shape[-1] not in CHANNELS or math.prod(shape) > MAX_VALUES:
        raise ValueError(f"image_shape is {shape}; 1 or 3 channels and {MAX_VALUES:,} values are the most")
    if type(info.latent_dim) is not int or not 1 <= info.latent_dim <= 4096:
        raise ValueError(f"latent_dim is {info.latent_dim!r}")
    _check_tables(info)


def _check_tables(info: ModelInfo) -> None:
    for name in ("model_id", "name", "network", "created"):
        if not isinstance(getattr(info, name), str):
            raise TypeError(f"{name} is no text")
    for name in ("likelihood", "preprocessing", "prior", "data", "training", "software", "quantisation"):
        if not isinstance(getattr(info, name), dict):
            raise TypeError(f"{name} is no table")
    for name, texts in (("class_names", info.class_names), ("software", info.software.values())):
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{name} are no texts")
    for table, key in ((info.preprocessing, "polarity"), (info.data, "name"), (info.likelihood, "name")):
        if not isinstance(table.get(key), str):
            raise ValueError(f"{key!r} is missing")
    outputs = info.likelihood.get("outputs")
    if not isinstance(outputs, list) or not all(isinstance(name, str) for name in outputs):
        raise ValueError("the likelihood's 'outputs' are missing")
