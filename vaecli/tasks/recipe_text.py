"""Reading of a recipe from the text that a picture carries; every field is checked."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from vaecli.choices import METRICS, PARTS, PRECISIONS, LineKind, PathKind
from vaecli.errors import DataError, OptionError
from vaecli.latent.directions import parse_amounts
from vaecli.tasks.photo_words import DEFAULTS, is_word
from vaecli.tasks.recipe import KINDS, Recipe, is_name

MAX_SOURCES = 20
MAX_LABELS = 100
_WHOLE_NUMBERS = {  # field -> least and most
    "seed": (0, 2**64 - 1),
    "first": (0, 2**64 - 1),
    "count": (1, 2**64),
    "steps": (2, 10_000),
    "scale": (1, 512),
}
_TEMPERATURE_BOUND = 1e5
_MAX_DIMENSIONS = 4096


def parse(text: str, where: str) -> Recipe:
    """Return the recipe of a text that a picture carries.

    Args:
        text: JSON of at most 64 KiB.
        where: name of the picture, for messages.

    Raises:
        DataError: the text is no recipe of vaecli, or a field has another type or range.
    """
    try:
        fields = json.loads(text, parse_constant=_refuse_constant)
        return _checked(fields)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = error.args[0] if isinstance(error, _FieldError) else "be JSON that vaecli wrote"
        raise DataError(
            f"The recipe in {where} must {reason}.", hint="It was changed, or made by another program."
        ) from error


class _FieldError(ValueError):
    """A field of another type or out of its range; its text follows "The recipe in FILE must"."""


def _refuse_constant(name: str) -> Any:
    raise _FieldError(f"have finite numbers, got {name}")


def _checked(fields: Any) -> Recipe:
    """Check each known field, and leave out unknown ones, which a later version may have added."""
    if not isinstance(fields, dict) or fields.get("kind") not in KINDS:
        raise _FieldError("be of a command that writes pictures")
    known = {field.name for field in dataclasses.fields(Recipe)} - {"model_word"}
    photo = {name: fields[name] for name in DEFAULTS if fields.get(name, DEFAULTS[name]) != DEFAULTS[name]}
    for name, word in photo.items():
        _require(is_word(name, word), name, "a word of its option", word)
    fields = {name: value for name, value in fields.items() if name in known}
    for name in ("model_id", "model", "version", "data", "prior", "toward", "start", "amounts", "among"):
        _require(is_name(fields.get(name, "")), name, "a text of one line", fields.get(name))
    for name, values in {
        "precision": PRECISIONS,
        "form": ("sheet", "gif", "folder"),
        "path": get_args(LineKind) if fields.get("grid") else get_args(PathKind),
        "split": ("", *PARTS),
        "metric": METRICS,
    }.items():
        value = fields.get(name, values[0])
        _require(isinstance(value, str) and value in values, name, " or ".join(values), value)
    for name, (least, most) in _WHOLE_NUMBERS.items():
        value = fields.get(name, least)
        _require(type(value) is int and least <= value <= most, name, f"{least} to {most}", value)
    for name in ("smooth", "grid", "all_dims"):
        _require(isinstance(fields.get(name, False), bool), name, "true or false", fields.get(name))
    _check_rest(fields)
    tuples = {name: tuple(fields.get(name, ())) for name in ("sources", "dims", "labels")}
    return Recipe(**fields | tuples | {"photo": photo})


def _check_rest(fields: Mapping[str, Any]) -> None:
    temperature = fields.get("temperature", 1.0)
    is_number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    _require(is_number and 0 <= temperature < _TEMPERATURE_BOUND, "temperature", "0 to 100,000", temperature)
    index = fields.get("index", 0)
    _require(type(index) is int and 0 <= index < 2**64, "index", "a whole number", index)
    sources: Sequence[Any] = fields.get("sources", [])
    are_names = isinstance(sources, list) and len(sources) <= MAX_SOURCES and all(map(is_name, sources))
    _require(are_names, "sources", f"a list of at most {MAX_SOURCES} names", sources)
    labels: Sequence[Any] = fields.get("labels", [])
    are_names = isinstance(labels, list) and len(labels) <= MAX_LABELS and all(map(is_name, labels))
    _require(are_names, "labels", f"a list of at most {MAX_LABELS} names", labels)
    least = {"interpolate": 2, "edit": 1, "similar": 1}.get(fields["kind"], 0)
    _require(len(sources) >= least, "sources", f"{least} names or more", sources)
    dims = fields.get("dims", [])
    are_numbers = isinstance(dims, list) and len(dims) in {0, 2}
    are_numbers = are_numbers and all(
        type(number) is int and 0 <= number < _MAX_DIMENSIONS for number in dims
    )
    _require(are_numbers, "dims", "two numbers of dimensions", dims)
    amounts = fields.get("amounts", "")
    if amounts:
        _require_amounts(amounts)


def _require_amounts(text: str) -> None:
    try:
        parse_amounts(text)
    except OptionError as error:
        raise _FieldError(f"have START:STOP:COUNT as amounts, got {ascii(text)[:60]}") from error


def _require(fits: bool, name: str, expected: str, value: Any) -> None:
    if not fits:
        raise _FieldError(f"have {expected} as {name}, got {ascii(value)[:60]}")
