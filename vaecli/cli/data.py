"""`vaecli data`."""

import dataclasses
from typing import Annotated

import typer

from vaecli.choices import DATA_SETS
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.parameters import Command, JsonOption, QuietOption, complete_data

app = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")


@app.callback()
def listing(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the data sets known by name with their state and location, or get one.

    [dim]vaecli data[/dim]

    [dim]vaecli data fetch fashion-mnist[/dim]
    """
    if context.invoked_subcommand:
        return

    from vaecli.tasks.data import states

    entries = states()
    if as_json:
        console.print_json("data", {"data_sets": [dataclasses.asdict(entry) for entry in entries]})
        return
    columns = {"name": "left", "state": "left", "train": "right", "test": "right", "location": "wrap"}
    rows = [
        (entry.name, entry.state, f"{entry.train_count:,}", f"{entry.test_count:,}", entry.location)
        for entry in entries
    ]
    console.print_table(columns, rows)
    missing = [entry.name for entry in entries if entry.state == "not here"]
    if missing:
        console.next_step("data", "fetch", missing[0])


@app.command(cls=Command)
@console.usage_errors
def fetch(
    name: Annotated[
        str, typer.Argument(help=f"Data set: {', '.join(DATA_SETS)}.", autocompletion=complete_data)
    ],
    quiet: QuietOption = False,
) -> None:
    """Download a data set into the cache, and verify it.

    [dim]vaecli data fetch mnist[/dim]

    [dim]vaecli data fetch fashion-mnist --quiet[/dim]
    """
    from vaecli.tasks.data import obtain

    with bars(quiet=quiet) as shown:
        state = obtain(name, progress=shown.download, warn=console.silent if quiet else console.note)
    console.say(state.location)
    if not quiet:
        console.next_step("train", "--data", name)
