"""The recipe of a picture: which command made it from which model, as JSON that the picture carries.

A recipe holds no path and no time, so that the same command writes the same bytes. Whoever reads one trusts nothing
in it: the command that makes the picture again is built from its checked fields, never taken from its text.
"""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from vaecli.choices import DATA_SETS, PRECISIONS, LineKind, PathKind
from vaecli.commands import command
from vaecli.errors import DataError
from vaecli.modelfile.safe_text import is_plain

if TYPE_CHECKING:
    from vaecli.runtime.model import Model  # brings onnxruntime, which reading a recipe does not need

MAX_NAME = 120  # characters of a name
MAX_SOURCES = 20
MODEL = "MODEL"  # in a command, where the reader's own model is to be named
_REFERENCE = re.compile(r"(train|val|validation|test):[0-9]{1,18}")
_WHOLE_NUMBERS = {  # field -> least and most
    "seed": (0, 2**64 - 1),
    "first": (0, 2**64 - 1),
    "count": (1, 2**64),
    "steps": (2, 10_000),
    "scale": (1, 512),
}
_TEMPERATURE_BOUND = 1e5
_KINDS = ("sample", "interpolate")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a picture was made.

    Attributes:
        kind: the command, `sample` or `interpolate`.
        model_id, model: identity and name of the model.
        precision: of its decoder.
        version: of vaecli.
        form: `sheet`, `gif` or `folder`.
        scale, smooth: enlargement as given; None for `scale` if it was left to the command.
        seed, first, count, temperature, prior: of samples.
        sources: file names, without folders, of the pictures between which a path or a grid leads.
        path, steps, grid: kind of path, pictures on a leg, and whether it is a grid.
        data: data set of sources such as `test:17`; empty for the model's own.
        index: position of the picture on its path, for one PNG of a folder; None for others.
    """

    kind: str
    model_id: str
    model: str
    precision: str
    version: str
    form: str
    scale: int | None = None
    smooth: bool = False
    seed: int = 0
    first: int = 0
    count: int = 1
    temperature: float = 1.0
    prior: str = ""
    sources: tuple[str, ...] = ()
    path: str = "linear"
    steps: int = 2
    grid: bool = False
    data: str = ""
    index: int | None = None

    def to_text(self) -> str:
        """Return the recipe as ASCII JSON of at most 64 KiB, with the command that repeats the picture, if any."""
        fields = self.shown() | {"command": self.command() or ""}
        return json.dumps(fields, separators=(",", ":"), sort_keys=True)

    def shown(self) -> dict[str, Any]:
        """Return the fields that matter for the recipe's `kind`."""
        fields = dataclasses.asdict(self) | {"sources": list(self.sources)}
        hidden = {"sample": _OF_PATHS, "interpolate": _OF_SAMPLES}[self.kind]
        return {name: value for name, value in fields.items() if name not in hidden and value is not None}

    def command(self, model: str = MODEL) -> str | None:
        """Return the command that makes the picture again; None if it needs picture files: only names are kept.

        Args:
            model: path of the model, for `-m`.
        """
        words: list[object] = [self.kind, "-m", model]
        if self.precision != "float32":
            words += ["--precision", self.precision]
        if self.kind == "sample":
            words += ["-n", self.count, "--seed", self.seed]
            words += ["--first", self.first] if self.first else []
            words += ["--temperature", repr(self.temperature)] if self.temperature != 1.0 else []
        else:
            if not all(_REFERENCE.fullmatch(name) for name in self.sources):
                return None
            if self.data and self.data not in DATA_SETS:
                return None
            words += [*self.sources, "--steps", self.steps]
            words += ["--grid"] if self.grid else []
            words += ["--path", self.path] if self.path != "linear" else []
            words += ["--data", self.data] if self.data else []
        words += ["--scale", self.scale] if self.scale else []
        words += ["--smooth"] if self.smooth else []
        name = "samples" if self.kind == "sample" else "interpolation"
        ending = {"sheet": ".png", "gif": ".gif", "folder": "/"}[self.form]
        return command(*words, "-o", name + ending)


_OF_SAMPLES = {"seed", "first", "count", "temperature", "prior"}
_OF_PATHS = {"sources", "path", "steps", "grid", "data", "index"}


def recipe_of(model: "Model", kind: str, form: str) -> Recipe:
    """Return a recipe with the fields that a model gives, and the version of vaecli."""
    from vaecli import __version__  # costs 10 ms

    return Recipe(
        kind=kind,
        form=form,
        model_id=plain_name(model.info.model_id),
        model=plain_name(model.info.name),
        precision=model.info.precision,
        version=__version__,
    )


def plain_name(name: str) -> str:
    """Return the last part of a path, shortened and without characters that cannot be printed."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    text = "".join(character if character.isprintable() else "?" for character in last)
    half = MAX_NAME // 2 - 2
    return text if len(text) <= MAX_NAME else f"{text[:half]}...{text[-half:]}"


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
    if not isinstance(fields, dict) or fields.get("kind") not in _KINDS:
        raise _FieldError("be of samples or of an interpolation")
    known = {field.name for field in dataclasses.fields(Recipe)}
    fields = {name: value for name, value in fields.items() if name in known}
    for name in ("model_id", "model", "version", "data", "prior"):
        _require(_is_text(fields.get(name, "")), name, "a text of one line", fields.get(name))
    for name, values in {
        "precision": PRECISIONS,
        "form": ("sheet", "gif", "folder"),
        "path": get_args(LineKind) if fields.get("grid") else get_args(PathKind),
    }.items():
        value = fields.get(name, values[0])
        _require(isinstance(value, str) and value in values, name, " or ".join(values), value)
    for name, (least, most) in _WHOLE_NUMBERS.items():
        value = fields.get(name, least)
        _require(type(value) is int and least <= value <= most, name, f"{least} to {most}", value)
    for name in ("smooth", "grid"):
        _require(isinstance(fields.get(name, False), bool), name, "true or false", fields.get(name))
    _check_rest(fields)
    return Recipe(**fields | {"sources": tuple(fields.get("sources", ()))})


def _check_rest(fields: Mapping[str, Any]) -> None:
    temperature = fields.get("temperature", 1.0)
    is_number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    _require(is_number and 0 <= temperature < _TEMPERATURE_BOUND, "temperature", "0 to 100,000", temperature)
    index = fields.get("index", 0)
    _require(type(index) is int and 0 <= index < 2**64, "index", "a whole number", index)
    sources: Sequence[Any] = fields.get("sources", [])
    are_names = isinstance(sources, list) and len(sources) <= MAX_SOURCES and all(map(_is_text, sources))
    _require(are_names, "sources", f"a list of at most {MAX_SOURCES} names", sources)
    if fields["kind"] == "interpolate":
        _require(len(sources) >= 2, "sources", "two names or more", sources)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 2 * MAX_NAME and is_plain(value)


def _require(fits: bool, name: str, expected: str, value: Any) -> None:
    if not fits:
        raise _FieldError(f"have {expected} as {name}, got {ascii(value)[:60]}")
