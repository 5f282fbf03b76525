"""The recipe of a picture: which command made it from which model, as JSON that the picture carries.

A recipe holds no path and no time, so that the same command writes the same bytes. Whoever reads one trusts nothing
in it: the command that makes the picture again is built from its checked fields, never taken from its text.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vaecli import bundled
from vaecli.choices import DATA_SETS, METRICS, PRIORS
from vaecli.commands import command
from vaecli.modelfile.safe_text import is_plain
from vaecli.pictures.embedded import MAX_RECIPE

if TYPE_CHECKING:
    from vaecli.runtime.model import Model  # brings onnxruntime, which reading a recipe does not need

MAX_NAME = 120  # characters of a name
MODEL = "MODEL"  # in a command, where the reader's own model is to be named
REFERENCE = re.compile(r"(train|val|validation|test):([0-9]{1,18}|(-?[0-9]{1,18})?:(-?[0-9]{1,18})?)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a picture was made.

    Attributes:
        kind: the command, one of `KINDS`.
        model_id, model: identity and name of the model.
        precision: of its decoder.
        version: of vaecli.
        form: `sheet`, `gif` or `folder`.
        scale, smooth: enlargement as given; None for `scale` if it was left to the command.
        seed, first, count, temperature, prior: of samples; with several labels, first and count are those of each.
            With labels, `prior` is empty if it was left to the command, since classes may differ in it.
        labels: classes of samples, one row each, or of the pictures of a path.
        sources: file names, without folders, of the pictures that were named.
        path, steps, grid: kind of path, pictures on a leg, and whether it is a grid.
        data: data set of sources such as `test:17`; empty for the model's own.
        dims, all_dims: of a traversal: dimensions of its plane, and whether it shows unused dimensions, too.
        toward, start, amounts: of an edit: class that it leads to (empty for a file), class that it leads from, and
            the amounts.
        among, split, metric: of a search: name of what was searched, the part of the data set if one was named, and
            the distance as it was given.
        photo: how picture files were prepared: the words after `--prepare` and the like that are not the default.
        index: position of the picture on its path, for one PNG of a folder; None for others.
        model_word: what `-m` names in the command that the picture carries; no field of the recipe.
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
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    path: str = "linear"
    steps: int = 2
    grid: bool = False
    data: str = ""
    index: int | None = None
    dims: tuple[int, ...] = ()
    all_dims: bool = False
    toward: str = ""
    start: str = ""
    amounts: str = ""
    among: str = ""
    split: str = ""
    metric: str = METRICS[0]
    photo: Mapping[str, str] = dataclasses.field(default_factory=dict)
    model_word: str = MODEL

    def to_text(self) -> str:
        """Return the recipe as ASCII JSON of at most 64 KiB, with the command that repeats the picture, if any.

        The text is empty if names of classes are longer than a reader accepts.
        """
        if not all(map(is_name, (*self.labels, self.toward, self.start))):
            return ""
        fields = self.shown() | {"command": self.command() or ""}
        text = json.dumps(fields, separators=(",", ":"), sort_keys=True)
        return text if len(text) <= MAX_RECIPE else ""

    def shown(self) -> dict[str, Any]:
        """Return the fields that matter for the recipe's `kind`."""
        fields = dataclasses.asdict(self) | {"sources": list(self.sources), "dims": list(self.dims)}
        fields["labels"] = list(self.labels) or None
        names = {*COMMON, *KINDS[self.kind]}
        shown = {name: value for name, value in fields.items() if name in names and value is not None}
        return shown | dict(self.photo)

    def command(self, model: str = "") -> str | None:
        """Return the command that makes the picture again; None if it needs files of which only names are kept.

        Args:
            model: path of the model, for `-m`; `model_word` if left out.
        """
        needs_files = not all(REFERENCE.fullmatch(name) for name in self.sources)
        own_words = _WORDS[self.kind](self)
        if needs_files or own_words is None or (self.data and self.data not in DATA_SETS):
            return None
        words: list[object] = [self.kind, "-m", model or self.model_word]
        if self.precision != "float32":
            words += ["--precision", self.precision]
        words += [*self.sources, *own_words]
        words += ["--data", self.data] if self.data else []
        for name, word in self.photo.items():
            words += ["--no-trim"] if name == "trim" else [f"--{name}", word]
        words += ["--scale", self.scale] if self.scale else []
        words += ["--smooth"] if self.smooth else []
        return command(*words, "-o", _OUTPUTS[self.kind] + _ENDINGS[self.form])


COMMON = ("kind", "model_id", "model", "precision", "version", "form", "scale", "smooth")
KINDS = {  # command -> the fields that it has besides COMMON
    "sample": ("seed", "first", "count", "temperature", "prior", "labels"),
    "interpolate": ("sources", "path", "steps", "grid", "data", "labels", "index"),
    "reconstruct": ("sources", "data"),
    "traverse": ("sources", "steps", "data", "dims", "all_dims"),
    "edit": ("sources", "data", "toward", "start", "amounts"),
    "similar": ("sources", "data", "among", "split", "metric", "count"),
}
_OUTPUTS = {
    "sample": "samples",
    "interpolate": "interpolation",
    "reconstruct": "reconstruction",
    "traverse": "traversal",
    "edit": "edit",
    "similar": "similar",
}
_ENDINGS = {"sheet": ".png", "gif": ".gif", "folder": "/"}


def _sample_words(recipe: Recipe) -> list[object]:
    words: list[object] = ["-n", recipe.count, "--seed", recipe.seed]
    words += ["--first", recipe.first] if recipe.first else []
    words += _label_words(recipe)
    by_name = recipe.prior in PRIORS and (not recipe.labels or recipe.prior == "normal")
    words += ["--prior", recipe.prior] if by_name else []
    return words + (["--temperature", repr(recipe.temperature)] if recipe.temperature != 1.0 else [])


def _label_words(recipe: Recipe) -> list[object]:
    return [word for label in recipe.labels for word in ("--label", label)]


def _interpolate_words(recipe: Recipe) -> list[object]:
    words: list[object] = ["--steps", recipe.steps, *_label_words(recipe)]
    words += ["--grid"] if recipe.grid else []
    return words + (["--path", recipe.path] if recipe.path != "linear" else [])


def _reconstruct_words(recipe: Recipe) -> list[object] | None:
    return [] if recipe.sources else None


def _traverse_words(recipe: Recipe) -> list[object]:
    words: list[object] = ["--steps", recipe.steps]
    words += ["--dims", ",".join(map(str, recipe.dims))] if recipe.dims else []
    return words + (["--all"] if recipe.all_dims else [])


def _edit_words(recipe: Recipe) -> list[object] | None:
    if not recipe.toward:  # a folder or a file
        return None
    words: list[object] = ["--toward", recipe.toward, f"--amount={recipe.amounts}"]
    return words + (["--from", recipe.start] if recipe.start else [])


def _similar_words(recipe: Recipe) -> list[object] | None:
    if recipe.among not in DATA_SETS:  # a folder, a file, or a part of a data set
        return None
    words: list[object] = ["--among", recipe.among, "-n", recipe.count]
    words += ["--split", recipe.split] if recipe.split else []
    return words + (["--metric", recipe.metric] if recipe.metric != METRICS[0] else [])


_WORDS: Mapping[str, Callable[[Recipe], list[object] | None]] = {
    "sample": _sample_words,
    "interpolate": _interpolate_words,
    "reconstruct": _reconstruct_words,
    "traverse": _traverse_words,
    "edit": _edit_words,
    "similar": _similar_words,
}


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
        model_word=bundled.MODEL if bundled.holds(model.path) else MODEL,
    )


def is_name(value: object) -> bool:
    """Return whether a value is a name as a recipe may hold it: one line of at most 240 characters."""
    return isinstance(value, str) and len(value) <= 2 * MAX_NAME and is_plain(value)


def plain_name(name: str) -> str:
    """Return the last part of a path, shortened and without characters that cannot be printed."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    text = "".join(character if character.isprintable() else "?" for character in last)
    half = MAX_NAME // 2 - 2
    return text if len(text) <= MAX_NAME else f"{text[:half]}...{text[-half:]}"


def data_name(data: str | None) -> str:
    """Return what a recipe keeps of --data: the name of a data set, or the last part of a path with a slash."""
    if data is None or data in DATA_SETS:
        return data or ""
    return f"{plain_name(data)}/"
