"""`vaecli data`."""

from typing import Annotated

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.console import JsonOption, QuietOption

app = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")


@app.callback()
def listing(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the data sets with their state and location, or get one.

    [dim]vaecli data[/dim]

    [dim]vaecli data fetch fashion-mnist[/dim]
    """
    if context.invoked_subcommand:
        return
    import dataclasses

    from vaecli.tasks.data import states

    found = states()
    if as_json:
        console.print_json({entry.name: dataclasses.asdict(entry) for entry in found})
        return
    table = console.table()
    for name in ("name", "state", "train", "test"):
        table.add_column(name, no_wrap=True, justify="right" if name in ("train", "test") else "left")
    table.add_column("location", overflow="fold")
    for entry in found:
        table.add_row(
            entry.name, entry.state, f"{entry.train_count:,}", f"{entry.test_count:,}", entry.location
        )
    console.stdout().print(table)
    missing = [entry.name for entry in found if entry.state == "not here"]
    if missing:
        console.next_step(f"vaecli data fetch {missing[0]}")


@app.command()
@console.usage_errors
def fetch(
    name: Annotated[str, typer.Argument(help="fashion-mnist, fashion-mnist-mini, mnist or kmnist.")],
    quiet: QuietOption = False,
) -> None:
    """Get a data set, verify it, and keep it in the cache.

    [dim]vaecli data fetch mnist[/dim]
    """
    from vaecli.tasks.data import obtain

    with bars(quiet=quiet) as shown:
        state = obtain(name, progress=shown.download, warn=console.silent if quiet else console.note)
    console.say(state.location)
    if not quiet:
        console.next_step(f"vaecli train --data {name}")
