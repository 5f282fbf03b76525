"""The options of `vaecli train` from the command line and a file, and those that must not stand together."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from vaecli.cli import console
from vaecli.cli.typed import is_typed
from vaecli.config import read_config
from vaecli.errors import ConfigError, OptionError
from vaecli.options import TrainOptions

WITH_RESUME = ("epochs", "patience", "data")
NOT_WITH_RESUME = ("out", "config", "dry_run")  # beside the training options
NOT_WITH_DRY_RUN = ("out", "max_time", "tensorboard", "checkpoint_every")  # they say how a run is made


def typed_options(context: typer.Context) -> dict[str, Any]:
    """Return the training options that were typed; they override a file, which overrides defaults."""
    names = [field.name for field in dataclasses.fields(TrainOptions) if is_typed(context, field.name)]
    typed = {name: context.params[name] for name in names}
    if is_typed(context, "grey"):
        typed["colour"] = "grey" if context.params["grey"] else "rgb"
    return typed


def settings_of_file(config: pathlib.Path, typed: Mapping[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Return the settings of --config that hold beside the typed options; a note names those that give way.

    Raises:
        ConfigError: the file cannot be read, or has an unknown or wrong setting.
    """
    from vaecli.tasks.train.configured import outdated

    settings = read_config(config)
    replaced = outdated(config, settings, typed)
    if replaced.settings and not quiet:
        console.note(replaced.note)
    return {
        name: value for name, value in settings.items() if name not in typed and name not in replaced.settings
    }


def refuse_beside_resume(context: typer.Context, typed: Mapping[str, Any], run: pathlib.Path) -> None:
    """Refuse options beside --resume; the error names the run's own value of a training option."""
    others = [name for name in NOT_WITH_RESUME if is_typed(context, name)]
    refused = [name for name in [*typed, *others] if name not in WITH_RESUME]
    if not refused:
        return
    name, value = refused[0], None
    with contextlib.suppress(ConfigError):  # without a run, the option alone is named
        value = read_config(run / "config.toml").get(name)
    own = "" if value is None else f"; the run has {'none' if value is False else value}"
    raise OptionError(
        "--resume must be alone, or with --epochs, --patience and --data (where the same images are now): all "
        f"other options are those of the run. Got --{name.replace('_', '-')}{own}.",
        option="--resume",
        hint="For a run with other options, leave --resume out.",
    )


def refuse_beside_dry_run(context: typer.Context) -> None:
    """Refuse options that say how a run is made, where none is."""
    refused = [name for name in NOT_WITH_DRY_RUN if is_typed(context, name)]
    if refused:
        option = f"--{refused[0].replace('_', '-')}"
        raise OptionError(
            f"{option} must be left out with --dry-run, which makes no run.",
            option=option,
            hint=f"Leave out {option} or --dry-run.",
        )


@contextlib.contextmanager
def naming(config: pathlib.Path | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """Name the file `config` in an OptionError of the body if the refused setting comes from that file."""
    try:
        yield
    except OptionError as error:
        name = error.option.removeprefix("--").replace("-", "_")
        if name not in settings:
            raise
        message = f"{config} has {name} = {settings[name]!r}. {error.message}"
        raise OptionError(message, hint=error.hint) from error
