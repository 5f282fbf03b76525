"""`vaecli bench`."""

from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.console import JsonOption, ModelOption, QuietOption

if TYPE_CHECKING:
    from rich.table import Table

    from vaecli.tasks.bench import Measurement


@console.usage_errors
def bench(
    model: ModelOption = None,
    seconds: Annotated[float, typer.Option(help="Of each measurement.")] = 0.4,
    against: Annotated[
        bool, typer.Option("--against", help="In turns with onnxruntime's default session of the same file.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure the speed of a model's files on this machine: images a second, and the time of a call.

    Batches of 1, 16 and 256, with one thread and with all that the process may use.

    [dim]vaecli bench[/dim]

    [dim]vaecli bench -m shoes/ --against --seconds 2[/dim]

    [dim]vaecli bench --json[/dim]
    """
    from vaecli.tasks.bench import bench as task

    with bars(quiet=quiet) as shown:
        measured = task(
            console.model_path(model), seconds=seconds, against=against, progress=shown.counter("Measuring")
        )
    if as_json:
        import dataclasses

        console.print_json({"measurements": [dataclasses.asdict(entry) for entry in measured]})
    else:
        console.stdout().print(_table(measured))


def _table(measured: "list[Measurement]") -> "Table":
    table = console.table()
    for name in ("file", "runtime"):
        table.add_column(name, no_wrap=True)
    for name in ("batch", "threads", "images/s", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in measured:
        speed, p50, p99 = f"{entry.images_per_second:,.0f}", f"{entry.p50_ms:.3f}", f"{entry.p99_ms:.3f}"
        table.add_row(entry.file, entry.runtime, str(entry.batch), str(entry.threads), speed, p50, p99)
    return table
