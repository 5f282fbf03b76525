"""The description of a model in each of its files, as a dataclass and as JSON in the metadata."""

import dataclasses
import json
import math
from typing import Any

from vaecli.choices import FITS, LIKELIHOODS, PHOTOS, POLARITIES, PRECISIONS, PRIORS
from vaecli.errors import ModelError
from vaecli.modelfile.arrays import MALFORMED
from vaecli.modelfile.safe_text import is_plain
from vaecli.pixels import SCALE

FORMAT = 2  # provisional: files of other formats are refused
PARTS = ("encoder", "decoder")

KEY_FORMAT = "vaecli.format"
KEY_INFO = "vaecli.info"
KEY_DIGEST = "vaecli.sha256"

MAX_INFO = 2**20  # characters; the parsed JSON takes about twenty times as much memory
MAX_TEXT = 1024  # characters of a name or a value
MAX_DEPTH = 4  # of tables within tables
CHANNELS = (1, 3)
MAX_LATENT_DIM = 4096
INPUTS = {"encoder": ("image",), "decoder": ("z",)}  # of the graphs that this version can run
OUTPUTS = {  # of a decoder beside `image`, by the name of its likelihood
    "bernoulli": ("logits",),
    "continuous-bernoulli": ("logits",),
    "gaussian": ("logits",),
    "logistic": ("location", "log_scale"),
}
LIKELIHOOD_KEYS = {"name", "outputs", "note", "parameters", "binarised"}
PARAMETERS = {
    "gaussian": ("log_sigma",)
}  # learned numbers of a likelihood, by its name; the others have none
MAX_SIDE = 4096  # pixels
MAX_VALUES = 2**23  # pixels times channels: a sheet of 64 such images takes 512 MiB


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """Everything needed to use a file, and its origin. It holds no path of the machine that made it.

    Attributes:
        part: `encoder` or `decoder`.
        model_id: identifies the model; equal in all its files.
        name: name of the run.
        image_shape: (H, W, C).
        latent_dim: D.
        network: name of the architecture; only for information, since the graph defines the computation.
        likelihood: `name`; `outputs`, the names of the decoder's outputs beside `image`; `parameters`, its own
            learned numbers by name, which may be absent if it has none; and `binarised`, whether pixels are made
            binary before the model is measured on them, false if absent.
        preparation: preparation of pictures for the encoder: `scale`, the divisor of 8-bit pixels, `polarity`, and
            `photo`, the way in which a user's picture is made like the training images; `reading`, how the pictures
            of a folder become images, None or absent if the training images had their shape.
        prior: `name`.
        inputs: names of the graph's inputs.
        class_names: names of the labels in the data, in order.
        data: `name`, `sha256` and `count` of the training images.
        training: options and figures, in nats on the validation images.
        software: package name -> version.
        created: time in ISO 8601, UTC.
        precision: `float32`, `fp16` (float32 arithmetic with float16 weights), or `int8`, a decoder alone.
        quantisation: differences of an int8 or fp16 file from the float32 one, see `export.degradation`; else
            empty.
    """

    part: str
    model_id: str
    name: str
    image_shape: tuple[int, int, int]
    latent_dim: int
    network: str
    likelihood: dict[str, Any]
    preparation: dict[str, Any]
    prior: dict[str, Any]
    class_names: tuple[str, ...]
    data: dict[str, Any]
    training: dict[str, Any]
    software: dict[str, str]
    created: str
    inputs: tuple[str, ...] = ()
    precision: str = "float32"
    quantisation: dict[str, Any] = dataclasses.field(default_factory=dict)

    def replace(self, **changes: Any) -> "ModelInfo":
        """Return a copy in which the named fields have the given values."""
        return dataclasses.replace(self, **changes)

    def to_metadata(self) -> dict[str, str]:
        """Encode the format and this description as metadata entries."""
        return {KEY_FORMAT: str(FORMAT), KEY_INFO: json.dumps(dataclasses.asdict(self), ensure_ascii=False)}


def from_metadata(entries: dict[str, str], where: str) -> ModelInfo:
    """Decode the metadata entries of a file.

    Args:
        entries: key -> text.
        where: name of the file, for messages.

    Raises:
        ModelError: vaecli did not make the file, it has another format, it needs something that this version does
            not know, or its entries are malformed.
    """
    if KEY_FORMAT not in entries or KEY_INFO not in entries:
        raise ModelError(
            f"{where} is an ONNX file, but not one that vaecli made.", hint="Make one with `vaecli export`."
        )
    _require_format(entries[KEY_FORMAT], where)
    try:
        if len(entries[KEY_INFO]) > MAX_INFO:
            raise ValueError(
                f"its text must have at most {MAX_INFO:,} characters, got {len(entries[KEY_INFO]):,}"
            )
        fields = json.loads(entries[KEY_INFO])
        _check_values(fields)
        height, width, channels = fields.pop("image_shape")
        info = ModelInfo(
            image_shape=(height, width, channels),
            class_names=tuple(fields.pop("class_names")),
            inputs=tuple(fields.pop("inputs")),
            **fields,
        )
        _check(info)
    except MALFORMED as error:
        raise ModelError(
            f"The metadata of {where} do not fit: {str(error)[:200]}.", hint="Export it again."
        ) from error
    _require_known(info, where)
    return info


def _require_format(text: str, where: str) -> None:
    if text == str(FORMAT):
        return
    older = text.isdecimal() and len(text) < 9 and int(text) < FORMAT
    raise ModelError(
        f"{where} must have format {FORMAT}, got {text[:20]!r}.",
        hint="An earlier version made it: train the model again and export it."
        if older
        else "A later version made it: pip install --upgrade vaecli",
    )


def _require_known(info: ModelInfo, where: str) -> None:
    """Refuse a likelihood, prior, scale, preparation, input or output that this version does not know."""
    expected_inputs = INPUTS[info.part]
    reading = info.preparation.get("reading") or {"fit": FITS[0]}
    parts = {
        "likelihood": (info.likelihood["name"], LIKELIHOODS),
        "prior": (info.prior["name"], PRIORS),
        "scale of pixels": (info.preparation["scale"], (SCALE,)),
        "polarity": (info.preparation["polarity"], POLARITIES),
        "preparation of pictures": (info.preparation["photo"], PHOTOS),
        "entries in the reading of pictures": (sorted(reading), (["fit"],)),
        "fit of pictures": (reading["fit"], FITS),
        "inputs": (list(info.inputs), (list(expected_inputs),)),
        "outputs": (info.likelihood["outputs"], (list(OUTPUTS.get(info.likelihood["name"], ())),)),
        "entries of the likelihood": (sorted(info.likelihood.keys() - LIKELIHOOD_KEYS), ([],)),
        "binary pixels of the likelihood": (
            info.likelihood.get("binarised", False),
            (False, True) if info.likelihood["name"] == "bernoulli" else (False,),
        ),
        "parameters of the likelihood": (
            sorted(info.likelihood.get("parameters", {})),
            (list(PARAMETERS.get(info.likelihood["name"], ())),),
        ),
    }
    for part, (value, known) in parts.items():
        if value not in known or type(value) is not type(known[0]):
            shown = " or ".join(map(str, known))
            raise ModelError(
                f"The {part} of {where} must be {shown}, got {str(value)[:80]!r}.",
                hint="A later version made it: pip install --upgrade vaecli",
            )


def _check_values(value: Any, depth: int = 0) -> None:
    """Refuse a value with a long text, control characters, a number that is not finite, or deep nesting."""
    if isinstance(value, str) and not (len(value) <= MAX_TEXT and is_plain(value)):
        raise ValueError(
            f"a text must have at most {MAX_TEXT:,} characters and no control characters, got {value[:40]!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a number must be finite, got {value}")
    if isinstance(value, dict | list):
        if depth == MAX_DEPTH:
            raise ValueError(f"its objects and lists must be nested at most {MAX_DEPTH} deep, got more")
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            _check_values(part, depth + 1)


def _check(info: ModelInfo) -> None:
    if info.part not in PARTS:
        raise ValueError(f"part must be {' or '.join(PARTS)}, got {info.part!r}")
    if info.precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {info.precision!r}")
    shape = info.image_shape
    if not all(type(size) is int and 1 <= size <= MAX_SIDE for size in shape):
        raise ValueError(f"image_shape must be three sizes of 1 to {MAX_SIDE:,}, got {str(shape)[:80]}")
    if shape[-1] not in CHANNELS or math.prod(shape) > MAX_VALUES:
        raise ValueError(
            f"image_shape must have 1 or 3 channels and at most {MAX_VALUES:,} values, got {shape}"
        )
    if type(info.latent_dim) is not int or not 1 <= info.latent_dim <= MAX_LATENT_DIM:
        raise ValueError(f"latent_dim must be 1 to {MAX_LATENT_DIM}, got {info.latent_dim!r}")
    _check_tables(info)


def _check_tables(info: ModelInfo) -> None:
    for name in ("model_id", "name", "network", "created"):
        if not isinstance(getattr(info, name), str):
            raise TypeError(f"{name} must be text, got {getattr(info, name)!r:.40}")
    for name in ("likelihood", "preparation", "prior", "data", "training", "software", "quantisation"):
        if not isinstance(getattr(info, name), dict):
            raise TypeError(f"{name} must be a table, got {getattr(info, name)!r:.40}")
    texts = {"class_names": info.class_names, "inputs": info.inputs, "software": info.software.values()}
    for name, values in texts.items():
        if not all(isinstance(text, str) for text in values):
            raise TypeError(f"{name} must all be text, got {list(values)!r:.40}")
    for table in ("data", "likelihood", "prior"):
        if not isinstance(getattr(info, table).get("name"), str):
            raise TypeError(f"'name' of its {table} must be text")
    required = {"likelihood": ("outputs",), "preparation": ("scale", "polarity", "photo")}
    for table, keys in required.items():
        for key in keys:
            if key not in getattr(info, table):
                raise ValueError(f"{key!r} must be in its {table}")
    parameters = info.likelihood.get("parameters", {})
    if not isinstance(parameters, dict) or not all(type(value) is float for value in parameters.values()):
        raise TypeError(f"'parameters' of its likelihood must be numbers by name, got {parameters!r:.40}")
    _check_reading(info.preparation)


def _check_reading(preparation: dict[str, Any]) -> None:
    """Check the types of `reading`, which may be absent or None, and `fit`; `_require_known` checks values."""
    reading = preparation.get("reading")
    if reading is None and preparation["photo"] == "resize":
        raise ValueError("a preparation that resizes must have a 'reading'")
    if reading is not None and not (isinstance(reading, dict) and isinstance(reading.get("fit"), str)):
        raise TypeError(f"'reading' of its preparation must be a table with a 'fit', got {reading!r:.40}")
