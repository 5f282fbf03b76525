"""Which options were typed, rather than left to their defaults."""

import typer


def is_typed(context: typer.Context, name: str) -> bool:
    """Return whether a parameter of a command was typed."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def typed_names(context: typer.Context) -> list[str]:
    """Return the options that were typed, each by its longest name, such as `--out`, in the order of the help."""
    return [
        max(parameter.opts, key=len)
        for parameter in context.command.params
        if parameter.name is not None and is_typed(context, parameter.name)
    ]
