"""All of a saved evaluation that is not an array, to and from JSON, with every type checked."""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from vaecli.metrics.saved.evaluation import Conditions, MeasuredModel, SampleQuality, SavedEvaluation
from vaecli.metrics.saved.latents import SavedProbes

FORMAT = 3
MOST_BYTES = 2**22
MOST_TEXT = 1000  # characters of a name or a setting
NOT_IN_ALL = {"probes"}  # entries of those files alone that hold such figures
Record = TypeVar("Record", Conditions, MeasuredModel, SampleQuality, SavedProbes)


class MalformedError(ValueError):
    """An entry that is missing, or not of the type that it must have; the text says which."""


class OtherFormatError(ValueError):
    """A file of another format; the text is its number."""


def to_json(evaluation: SavedEvaluation) -> bytes:
    """Encode everything but the arrays."""
    document = {"format": FORMAT} | {
        field.name: getattr(evaluation, field.name)
        for field in dataclasses.fields(evaluation)
        if field.name != "per_image"
    }
    for name in ("conditions", "model", "quality", "probes"):
        document[name] = document[name] and dataclasses.asdict(document[name])
    document = {name: value for name, value in document.items() if name not in NOT_IN_ALL or value}
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def from_json(content: bytes) -> dict[str, Any]:
    """Decode the arguments of a `SavedEvaluation` but its arrays.

    Raises:
        OtherFormatError: another format.
        MalformedError: it is not JSON, or an entry is missing, unknown or of another type.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedError("its description is not JSON") from error
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise MalformedError("it has no format")
    if document.pop("format") != FORMAT:
        raise OtherFormatError(str(json.loads(content)["format"])[:20])
    expected = {field.name for field in dataclasses.fields(SavedEvaluation)} - {"per_image"}
    if document.keys() | NOT_IN_ALL != expected | NOT_IN_ALL:
        raise MalformedError(f"it must have the entries {', '.join(sorted(expected))}")
    quality, probes = document["quality"], document.get("probes")
    return {
        "metrics": _checked(document["metrics"], tuple[str, ...], "metrics"),
        "kl_dim": _checked(document["kl_dim"], tuple[float, ...], "kl_dim"),
        "totals": _checked(document["totals"], Mapping[str, int], "totals"),
        "conditions": _record(Conditions, document["conditions"], "conditions"),
        "model": _record(MeasuredModel, document["model"], "model"),
        "quality": None if quality is None else _record(SampleQuality, quality, "quality"),
        "created": _checked(document["created"], str, "created"),
        "probes": None if probes is None else _record(SavedProbes, probes, "probes"),
    }


def _record(kind: type[Record], value: Any, name: str) -> Record:
    """Make a record of an object whose keys and types are those of the record."""
    hints = typing.get_type_hints(kind)
    if not isinstance(value, dict) or value.keys() != hints.keys():
        raise MalformedError(f"{name} must have the entries {', '.join(hints)}")
    return kind(**{key: _checked(value[key], hint, f"{name}.{key}") for key, hint in hints.items()})


def _checked(value: Any, hint: Any, name: str) -> Any:
    """Return a JSON value as the type of a hint: a number, a text, a mapping, a tuple, or None where it may be."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _checked(value, arguments[0], name)
    if origin is tuple and isinstance(value, list):
        return tuple(_checked(each, arguments[0], name) for each in value)
    if hint is Any or (origin is not tuple and origin is not None and isinstance(value, dict)):
        if hint is Any:
            return _plain(value, name)
        return {_checked(key, str, name): _checked(each, arguments[1], name) for key, each in value.items()}
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in (str, int, bool) and type(value) is hint:
        return _bounded(value, name)
    raise MalformedError(f"{name} is of another type")


def _plain(value: Any, name: str) -> Any:
    """Return a setting: a number, a text, null, or a list or an object of them."""
    if isinstance(value, list):
        return [_plain(each, name) for each in value]
    if isinstance(value, dict):
        return {_bounded(key, name): _plain(each, name) for key, each in value.items()}
    return _bounded(value, name)


def _bounded(value: Any, name: str) -> Any:
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise MalformedError(f"{name} has more than {MOST_TEXT:,} characters")
    if isinstance(value, int) and abs(value) >= 2**64:
        raise MalformedError(f"{name} is too large")
    return value


def finite(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a mapping that JSON can hold."""
    return {
        name: value for name, value in values.items() if type(value) in (int, float) and math.isfinite(value)
    }
