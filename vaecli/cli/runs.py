"""`vaecli runs`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.cli import console
from vaecli.cli.parameters import JsonOption, QuietOption

if TYPE_CHECKING:
    from vaecli.tasks.runs import Listed

USUAL = "evaluation.npz"  # a run stands for the evaluation of this name in it


@console.usage_errors
def runs(
    folder: Annotated[
        str | None, typer.Argument(metavar="FOLDER", help="Folder of the runs.", show_default="runs")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the runs in a folder with their figures, the newest first.

    [dim]vaecli runs[/dim]

    [dim]vaecli runs experiments/ --json[/dim]
    """
    from vaecli.tasks.runs import list_runs

    listed = list_runs(folder)
    if as_json:
        console.print_json("runs", {"runs": [run.facts for run in listed]})
        return
    if not listed:
        console.note(f"There are no runs in {(folder or 'runs').rstrip('/')}/.")
        if not quiet:
            console.next_step("train", "--data", "fashion-mnist-mini", "--epochs", "10")
        return
    _print(listed)
    if not quiet:
        _suggest(listed)


def _print(listed: Sequence["Listed"]) -> None:
    """Print a table of the runs, and one of their evaluations if there are any."""
    columns = {"run": "left", "network": "left", "likelihood": "left", "D": "right", "seed": "right"}
    columns |= {"epochs": "right", "val. loss": "right"}
    rows = [_row(run) for run in listed]
    if any(row[-1] for row in rows):
        columns |= {"notes": "wrap"}
    console.print_table(columns, [row[: len(columns)] for row in rows])
    evaluated = [
        (console.shown_path(run.path), each.images, each.words) for run in listed for each in run.evaluations
    ]
    if evaluated:
        console.say("")
        console.print_table({"evaluation of": "left", "images": "wrap", "figures": "wrap"}, evaluated)


def _row(run: "Listed") -> list[str]:
    path = console.shown_path(run.path)
    if run.state == "damaged":
        return [path, *[""] * 6, run.reason]
    options = run.options
    epochs = f"{run.epochs_done}/{options['epochs']}"
    loss = "" if run.val_loss is None else f"{run.val_loss:.2f}"
    notes = "" if run.state == "model" else "no model yet"
    dimensions, seed = str(options["latent_dim"]), str(options["seed"])
    return [path, str(options["network"]), run.measure, dimensions, seed, epochs, loss, notes]


def _suggest(listed: Sequence["Listed"]) -> None:
    """Print the command that evaluates a run, or compares two that were measured under the same conditions."""
    usable = [run for run in listed if run.state == "model"]
    for run in usable:
        if not any(each.is_current for each in run.evaluations):
            target = run.path / USUAL
            force = ["--force"] if target.exists() else []
            paths = console.shown_path(run.path), console.shown_path(target)
            console.next_step("eval", "-m", paths[0], "--save", paths[1], *force)
            return
    evaluated = [each for run in usable for each in run.evaluations if each.is_current]
    for other in evaluated[1:]:
        if other.conditions == evaluated[0].conditions:
            console.next_step(
                "compare", console.shown_path(other.path), console.shown_path(evaluated[0].path)
            )
            return
