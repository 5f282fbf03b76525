"""Checks of the description in a file's metadata: types, sizes, texts; `metadata` checks what is known."""

import math
from typing import TYPE_CHECKING, Any

from vaecli.choices import PRECISIONS
from vaecli.modelfile.safe_text import is_plain

if TYPE_CHECKING:
    from vaecli.modelfile.metadata import ModelInfo

PARTS = ("encoder", "decoder")
MAX_TEXT = 1024  # characters of a name or a value
MAX_DEPTH = 4  # of tables within tables
CHANNELS = (1, 3)
MAX_LATENT_DIM = 4096
MAX_LABELS = 4096  # of a conditional model, whose input has so many numbers an image
LARGEST_PARAMETER = 100.0  # of a likelihood, such as the logarithm of a deviation
MAX_SIDE = 4096  # pixels
MAX_VALUES = 2**23  # pixels times channels: a sheet of 64 such images takes 512 MiB


def check_values(value: Any, depth: int = 0) -> None:
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
            check_values(part, depth + 1)


def check(info: "ModelInfo") -> None:
    """Check types, sizes and tables of a description.

    Raises:
        ValueError, TypeError: one does not fit.
    """
    if info.part not in PARTS:
        raise ValueError(f"part must be {' or '.join(PARTS)}, got {info.part!r}")
    if info.precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {info.precision!r}")
    check_image_shape(info.image_shape)
    if type(info.latent_dim) is not int or not 1 <= info.latent_dim <= MAX_LATENT_DIM:
        raise ValueError(f"latent_dim must be 1 to {MAX_LATENT_DIM}, got {info.latent_dim!r}")
    _check_tables(info)


def check_image_shape(shape: tuple[int, int, int]) -> None:
    """Check the shape (H, W, C) of a file's images.

    Raises:
        ValueError: a size is out of range, or the images are too large.
    """
    if not all(type(size) is int and 1 <= size <= MAX_SIDE for size in shape):
        raise ValueError(f"image_shape must be three sizes of 1 to {MAX_SIDE:,}, got {str(shape)[:80]}")
    if shape[-1] not in CHANNELS or math.prod(shape) > MAX_VALUES:
        raise ValueError(
            f"image_shape must have 1 or 3 channels and at most {MAX_VALUES:,} values, got {shape}"
        )


def _check_tables(info: "ModelInfo") -> None:
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
    _check_parameters(info.likelihood.get("parameters", {}))
    _check_reading(info.preparation)
    _check_classes(info)


def _check_parameters(parameters: Any) -> None:
    """Check that the parameters of a likelihood are numbers by name, of a size that training can reach."""
    if not isinstance(parameters, dict) or not all(type(value) is float for value in parameters.values()):
        raise TypeError(f"'parameters' of its likelihood must be numbers by name, got {parameters!r:.40}")
    if not all(abs(value) <= LARGEST_PARAMETER for value in parameters.values()):  # NaN is not
        raise ValueError(
            f"'parameters' of its likelihood must be at most {LARGEST_PARAMETER:g} in size, got {parameters!r:.40}"
        )


def _check_classes(info: "ModelInfo") -> None:
    """Check that a conditional model has classes, and that `class_counts`, if there are any, belong to them."""
    if info.is_conditional and not 1 <= len(info.class_names) <= MAX_LABELS:
        raise ValueError(
            f"a conditional model must have 1 to {MAX_LABELS:,} class_names, got {len(info.class_names):,}"
        )
    counts = info.data.get("class_counts")
    is_counts = isinstance(counts, list) and all(type(count) is int and count >= 0 for count in counts)
    if counts is not None and not (is_counts and len(counts) == len(info.class_names)):
        raise ValueError("'class_counts' of its data must be a number of images for each class")


def _check_reading(preparation: dict[str, Any]) -> None:
    """Check the types of `reading`, which may be absent or None, and `fit`; `_require_known` checks values."""
    reading = preparation.get("reading")
    if reading is None and preparation["photo"] == "resize":
        raise ValueError("a preparation that resizes must have a 'reading'")
    if reading is not None and not (isinstance(reading, dict) and isinstance(reading.get("fit"), str)):
        raise TypeError(f"'reading' of its preparation must be a table with a 'fit', got {reading!r:.40}")
