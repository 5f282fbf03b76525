"""The model of a command: the one that the user names, the newest run, or the one that comes with vaecli."""

import pathlib

from vaecli import bundled
from vaecli.cli import console
from vaecli.errors import OptionError

RUN_HINT = (
    "Train one with `vaecli train`, or name a run with --model; the model that comes with vaecli is none."
)


def model_path(
    *given: pathlib.Path | None, quiet: bool = False, hint: str = bundled.MODEL_HINT
) -> pathlib.Path:
    """Return the model that the user named, as the argument or with -m, or the newest run's folder.

    Args:
        given: what was named, or None.
        quiet: print no note.
        hint: what to do if none is named and there is no run.

    Raises:
        OptionError: two different models are named.
        ModelError: none is named, and there is no run with a model.
    """
    named = {path for path in given if path is not None}
    if len(named) > 1:
        first, second = (path for path in given if path is not None)
        raise OptionError(
            f"--model must be left out after a model as the argument, got {first} and {second}.",
            option="--model",
        )
    if named:
        path = named.pop()
        if bundled.is_name_taken(path) and not quiet:
            console.note(f"{path} is {path.resolve()}, not the model of that name that comes with vaecli.")
        return path
    from vaecli.runs.layout import newest  # a process that is given its model need not load it

    return newest(hint=hint).path


def model_or_bundled(*given: pathlib.Path | None, quiet: bool) -> tuple[pathlib.Path, list[str]]:
    """Return the model as `model_path` does, or the one that comes with vaecli where there is no run with a model.

    Returns:
        The path or name of the model, and the words that name it in the next command; none for the newest run.

    Raises:
        OptionError: two different models are named.
        ModelError: runs/ cannot be read.
    """
    named = next((path for path in given if path is not None), None)
    if named is None:
        from vaecli.runs.layout import ROOT, has_models

        if has_models():
            return model_path(), []
        named = pathlib.Path(bundled.MODEL)
        if not quiet and not bundled.is_name_taken(named):
            console.note(f"No trained model in {ROOT}/, so this is {named}, which comes with vaecli.")
    return model_path(named, *given, quiet=quiet), ["-m", console.shown_path(named)]
