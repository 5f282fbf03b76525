"""`vaecli bench`."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.console import JsonOption, ModelOption, QuietOption

if TYPE_CHECKING:
    from rich.table import Table

    from vaecli.tasks.bench import Measurement
    from vaecli.tasks.bench_ratios import Ratio

KINDS = {
    "tf2onnx": "the tf2onnx file in a default session",
    "float32": "{rival}, the fastest other in float32",
    "bfloat16": "{rival}, the fastest in bfloat16",
}


@console.usage_errors
def bench(
    model: ModelOption = None,
    precision: Annotated[
        Literal["float32", "fp16", "int8"] | None,
        typer.Option(help="Of the decoder to measure.", show_default="all that are there"),
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option(help="Images a call; more than once for several.", show_default="1, 16 and 256"),
    ] = None,
    seconds: Annotated[float, typer.Option(help="Of each measurement.")] = 0.4,
    against: Annotated[
        bool,
        typer.Option(
            "--against",
            help="In turns with onnxruntime's default session and, for a run, Keras, PyTorch and OpenVINO.",
        ),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure the speed of a model's files on this machine: images a second, and the time of a call.

    With one thread and with all that the process may use.

    [dim]vaecli bench[/dim]

    [dim]vaecli bench -m runs/first --against --seconds 2[/dim]

    [dim]vaecli bench -m shoes/ --precision int8 --batch 1 --batch 4096 --json[/dim]
    """
    from vaecli.tasks import bench as task
    from vaecli.tasks.bench_ratios import ratios

    with bars(quiet=quiet) as shown:
        measured = task.bench(
            console.model_path(model),
            seconds=seconds,
            batches=batch or task.BATCHES,
            precision=precision,
            against=against,
            note=console.silent if quiet else console.note,
            progress=shown.counter("Measuring"),
        )
    compared = ratios(measured)
    if as_json:
        measurements, found = ([dataclasses.asdict(row) for row in rows] for rows in (measured, compared))
        console.print_json({"measurements": measurements, "ratios": found})
        return
    console.stdout().print(_table(measured))
    for ratio in compared:
        if ratio.batch in (None, 1):
            console.say(_sentence(ratio))


def _table(measured: "list[Measurement]") -> "Table":
    table = console.table()
    for name in ("file", "runtime"):
        table.add_column(name, no_wrap=True)
    for name in ("batch", "images/s", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in measured:
        threads = f", {entry.threads} thread{'s' * (entry.threads > 1)}" if entry.runtime == "vaecli" else ""
        speed, p50, p99 = f"{entry.images_per_second:,.0f}", f"{entry.p50_ms:.3f}", f"{entry.p99_ms:.3f}"
        table.add_row(entry.file, entry.runtime + threads, str(entry.batch), speed, p50, p99)
    return table


def _sentence(ratio: "Ratio") -> str:
    work = "one image" if ratio.batch == 1 else "in bulk"
    return f"{ratio.precision}, {work}: {ratio.times:.2f} x {KINDS[ratio.kind].format(rival=ratio.rival)}"
