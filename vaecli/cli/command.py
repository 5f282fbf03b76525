"""The class of all commands: its help, and the refusal of empty paths and names."""

import inspect
from typing import Any

import typer
from typer.core import TyperCommand

NAMED = {  # parameter -> what its text must name; an unset shell variable makes it empty
    "among": "a folder, an archive, a data set or an .npz file",
    "config": "a TOML file",
    "data": "a data set, a folder or a file",
    "evaluations": "a saved evaluation, a run or a model folder",
    "label": "a class",
    "folder": "a folder of runs",
    "model": "a run, a model folder or a decoder.onnx",
    "model_option": "a run, a model folder or a decoder.onnx",
    "heatmaps": "a folder",
    "html": "an .html file",
    "name": "a data set",
    "normal": "a class",
    "out": "a file or a folder",
    "picture": "a picture file",
    "pictures": "picture files",
    "report": "an .html file",
    "resume": "the folder of a run",
    "start_from": "a run",
    "run": "the folder of a run",
    "source": "a folder, an archive, a file or a data set",
    "save": "an .npz file",
    "samples": "a folder, an archive or an array",
    "features": "a classifier, a run or a .npy file",
    "reference_features": "a .npy file",
    "sheet": "a .png file",
    "save_prepared": "a folder",
    "start": "a class or a folder",
    "toward": "a class, a folder or a saved direction",
}


MOST_CHOICES = 16  # characters of an option's choices in the column of its type


class Command(TyperCommand):
    """A command that refuses an empty text where a path or a name is expected, and whose help fills its lines."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help with the lines of each paragraph joined; typer joins those of the first one only."""
        paragraphs = inspect.cleandoc(self.help or "").split("\n\n")
        self.help = "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)
        for parameter in self.params:
            _move_choices(parameter)
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse empty values, naming the option that each follows; then parse the command line."""
        for before, word in zip(["", *args], args, strict=False):
            option, value = before, word
            if word.startswith("--") and "=" in word:
                option, _, value = word.partition("=")
            if not value.strip():
                self._refuse_empty(ctx, option, value)
        return super().parse_args(ctx, args)

    def _refuse_empty(self, ctx: Any, option: str, value: str) -> None:
        if option.startswith("-") and not option.startswith("--"):
            option = f"-{option[-1]}"  # the last of several short options in one word
        arguments = [parameter for parameter in self.params if parameter.param_type_name == "argument"]
        options = [parameter for parameter in self.params if option in parameter.opts]
        named = [parameter for parameter in options if not getattr(parameter, "is_flag", False)] or arguments
        for parameter in named[:1]:
            if parameter.name in NAMED:
                label = parameter.opts[0] if named is not arguments else str(parameter.name).upper()
                raise typer.BadParameter(
                    f"{label} must name {NAMED[parameter.name]}, got {value!r}. A shell variable may be unset.",
                    ctx=ctx,
                )


def _move_choices(parameter: Any) -> None:
    """Move the choices of an option into its help where a narrow terminal would break them inside a word."""
    choices = [str(choice) for choice in getattr(parameter.type, "choices", [])]
    if len("|".join(choices)) > MOST_CHOICES and not parameter.metavar:
        parameter.metavar = "CHOICE"
        if any(choice not in parameter.help for choice in choices):
            parameter.help = f"{parameter.help} One of {', '.join(choices)}."
