"""`vaecli data`."""

import dataclasses
import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import DATA_SETS
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.command import Command
from vaecli.cli.data_info import info
from vaecli.cli.parameters import JsonOption, QuietOption, complete_data

if TYPE_CHECKING:
    from vaecli.tasks.data import CacheState


app = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")
app.command(cls=Command)(info)


@app.callback()
def listing(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the data sets known by name and the caches of decoded pictures; look into a folder; get a data set.

    [dim]vaecli data[/dim]

    [dim]vaecli data info my-pictures/[/dim]

    [dim]vaecli data fetch fashion-mnist[/dim]
    """
    if context.invoked_subcommand:
        return

    from vaecli.tasks.data import caches, states

    entries, cached = states(), caches()
    if as_json:
        data_sets = [dataclasses.asdict(entry) for entry in entries]
        console.print_json(
            "data", {"data_sets": data_sets, "caches": [dataclasses.asdict(one) for one in cached]}
        )
        return
    columns = {"name": "left", "state": "left", "train": "right", "test": "right", "location": "wrap"}
    rows = [
        (entry.name, entry.state, f"{entry.train_count:,}", f"{entry.test_count:,}", entry.location)
        for entry in entries
    ]
    console.print_table(columns, rows)
    _print_caches(cached)
    missing = [entry.name for entry in entries if entry.state == "not here"]
    if missing:
        console.next_step("data", "fetch", missing[0])


def _print_caches(cached: "list[CacheState]") -> None:
    """Print what the cache keeps of users' pictures, if there is anything."""
    if not cached:
        return
    rows = []
    for entry in cached:
        used = datetime.datetime.fromtimestamp(entry.last_used).astimezone().date().isoformat()
        state = "in use" if entry.in_use else f"used {used}" if entry.pictures else f"unfinished {used}"
        rows.append(
            (f"{entry.pictures:,}", console.megabytes(entry.size), state, console.shown_path(entry.source))
        )
    columns = {"pictures": "right", "MB": "right", "state": "left", "decoded pictures of": "wrap"}
    console.print_table(columns, rows)


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


@app.command(cls=Command)
@console.usage_errors
def clear(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Folder or archive whose decoded pictures to remove.", show_default="all of them"
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Remove decoded pictures from the cache; the pictures themselves, and data sets, stay.

    [dim]vaecli data clear[/dim]

    [dim]vaecli data clear my-pictures/[/dim]
    """
    from vaecli.tasks.data import clear as task

    cleared = task(source)
    for kept in () if quiet else cleared.kept:
        console.note(f"Kept, as a process uses it: {console.shown_path(kept)}")
    console.say(f"{console.megabytes(cleared.freed)} MB freed")
