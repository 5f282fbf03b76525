"""The options of `vaecli train` about the run, its folder and its files."""

import pathlib
from typing import Annotated

import typer

from vaecli.cli.parameters import complete_runs

RUN = "Run"  # the panel of the help

ExamplesOption = Annotated[
    bool,
    typer.Option(
        " /--no-examples",
        help="Store no latents of individual validation images in the model: they reveal some of the data.",
        show_default=False,
        rich_help_panel=RUN,
    ),
]
TrainingOutOption = Annotated[
    pathlib.Path | None,
    typer.Option(
        "--out", "-o", help="Folder of the new run.", show_default="runs/<data>-<n>", rich_help_panel=RUN
    ),
]
ConfigOption = Annotated[
    pathlib.Path | None,
    typer.Option(
        help="TOML file of options; those on the command line override it. Another --network, --epochs, "
        "--batch-size or --data has defaults of its own.",
        rich_help_panel=RUN,
    ),
]
ResumeOption = Annotated[
    pathlib.Path | None,
    typer.Option(
        help="Folder of the run to continue; more --epochs extend a finished run.",
        autocompletion=complete_runs,
        rich_help_panel=RUN,
    ),
]
StartFromOption = Annotated[
    str | None,
    typer.Option(
        help="Run whose weights are the initial ones: of the same network and image size, for few pictures.",
        metavar="RUN",
        show_default="random weights",
        autocompletion=complete_runs,
        rich_help_panel=RUN,
    ),
]
CheckpointEveryOption = Annotated[
    float,
    typer.Option(
        min=0, help="Minutes between checkpoints within an epoch.", metavar="MINUTES", rich_help_panel=RUN
    ),
]
MaxTimeOption = Annotated[
    str | None,
    typer.Option(
        help="Time limit for the whole command, export included: 90s, 20m, 1h30m.",
        show_default="no limit",
        rich_help_panel=RUN,
    ),
]
TensorboardOption = Annotated[
    bool,
    typer.Option("--tensorboard", help="Also write event files for TensorBoard.", rich_help_panel=RUN),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Show the layers, the seconds an epoch, memory and the size of the files; make no run.",
        rich_help_panel=RUN,
    ),
]
