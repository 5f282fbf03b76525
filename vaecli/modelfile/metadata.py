"""The description of a model in each of its files, as a dataclass and as JSON in the metadata."""

import dataclasses
import json
from typing import Any

from vaecli.choices import FITS, LIKELIHOODS, PHOTOS, POLARITIES, PRIORS
from vaecli.errors import ModelError
from vaecli.modelfile.arrays import MALFORMED
from vaecli.modelfile.metadata_checks import check, check_values
from vaecli.pixels import SCALE

FORMAT = 2  # provisional: files of other formats are refused

KEY_FORMAT = "vaecli.format"
KEY_INFO = "vaecli.info"
KEY_DIGEST = "vaecli.sha256"

MAX_INFO = 2**20  # characters; the parsed JSON takes about twenty times as much memory
INPUTS = {"encoder": ("image",), "decoder": ("z",)}  # of the graphs that this version can run
LABEL = "label"  # a further input of both parts of a conditional model: one-hot, zero for no label
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
        data: `name`, `sha256` and `count` of the training images; `class_counts`, the number of each class, may be
            None or absent.
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

    @property
    def is_conditional(self) -> bool:
        """Whether both parts also take a label."""
        return LABEL in self.inputs

    @property
    def mixture_since(self) -> int:
        """The first epoch of the training whose prior was a mixture; 0 if none was, or it is not known."""
        epoch = self.training.get("mixture_since")
        return epoch if isinstance(epoch, int) else 0

    @property
    def is_of_mixture_epoch(self) -> bool:
        """Whether the weights are those of an epoch whose prior was a mixture."""
        best = self.training.get("best_epoch")
        return isinstance(best, int) and 0 < self.mixture_since <= best

    def as_part(self, part: str) -> "ModelInfo":
        """Return the description of a part of the same model."""
        return self.replace(part=part, inputs=inputs_of(part, conditional=self.is_conditional))

    def to_metadata(self) -> dict[str, str]:
        """Encode the format and this description as metadata entries."""
        return {KEY_FORMAT: str(FORMAT), KEY_INFO: json.dumps(dataclasses.asdict(self), ensure_ascii=False)}


def inputs_of(part: str, *, conditional: bool) -> tuple[str, ...]:
    """Return the names of the inputs of a part, with or without a label."""
    return (*INPUTS[part], LABEL) if conditional else INPUTS[part]


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
        check_values(fields)
        height, width, channels = fields.pop("image_shape")
        info = ModelInfo(
            image_shape=(height, width, channels),
            class_names=tuple(fields.pop("class_names")),
            inputs=tuple(fields.pop("inputs")),
            **fields,
        )
        check(info)
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
    reading = info.preparation.get("reading") or {"fit": FITS[0]}
    parts = {
        "likelihood": (info.likelihood["name"], LIKELIHOODS),
        "prior": (info.prior["name"], PRIORS),
        "scale of pixels": (info.preparation["scale"], (SCALE,)),
        "polarity": (info.preparation["polarity"], POLARITIES),
        "preparation of pictures": (info.preparation["photo"], PHOTOS),
        "entries in the reading of pictures": (sorted(reading), (["fit"],)),
        "fit of pictures": (reading["fit"], FITS),
        "inputs": (
            list(info.inputs),
            [list(inputs_of(info.part, conditional=given)) for given in (False, True)],
        ),
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
