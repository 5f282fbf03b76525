"""`vaecli bench`."""

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import Precision
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.models import model_path
from vaecli.cli.parameters import JsonOption, ModelArgument, ModelOption, QuietOption

if TYPE_CHECKING:
    from vaecli.tasks.bench import Measurement
    from vaecli.tasks.bench_ratios import Ratio

KINDS = {
    "tf2onnx": "the tf2onnx file in a default session",
    "float32": "{rival}, the fastest other in float32",
    "bfloat16": "{rival}, the fastest in bfloat16",
}


@console.usage_errors
def bench(
    model: ModelArgument = None,
    model_option: ModelOption = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="Precision of the decoder to measure.", show_default="all there are"),
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option(
            help="Number of images per call; repeat the option for several.", show_default="1, 16 and 256"
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(help="Duration of each measurement in seconds.")] = 0.4,
    against: Annotated[
        bool,
        typer.Option(
            "--against",
            help="Also measure onnxruntime's default session and, for a run, Keras, PyTorch and OpenVINO.",
        ),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure the speed of a model's files on this machine: images per second, and milliseconds per call.

    Each is measured with one thread, and with all processors that the process may use.

    [dim]vaecli bench[/dim]

    [dim]vaecli bench runs/first --against --seconds 2[/dim]

    [dim]vaecli bench shoes/ --precision int8 --batch 1 --batch 4096 --json[/dim]
    """
    from vaecli.tasks import bench as task
    from vaecli.tasks.bench_ratios import ratios

    with bars(quiet=quiet) as shown:
        measured = task.bench(
            model_path(model, model_option, quiet=quiet),
            seconds=seconds,
            batches=batch or task.BATCHES,
            precision=precision,
            against=against,
            note=console.silent if quiet else console.note,
            progress=shown.counter("Measuring"),
        )
    compared = ratios(measured)
    if as_json:
        measurements = [dataclasses.asdict(entry) for entry in measured]
        console.print_json(
            "bench",
            {"measurements": measurements, "ratios": [dataclasses.asdict(ratio) for ratio in compared]},
        )
        return
    columns = dict.fromkeys(("file", "runtime"), "left")
    columns |= dict.fromkeys(("batch", "images/s", "p50 ms", "p99 ms"), "right")
    console.print_table(columns, map(_row, measured))
    for ratio in compared:
        if ratio.batch in (None, 1):
            console.say(_sentence(ratio))


def _row(entry: "Measurement") -> tuple[str, ...]:
    threads = f", {entry.threads} thread{'s' * (entry.threads > 1)}" if entry.runtime == "vaecli" else ""
    speed, p50, p99 = f"{entry.images_per_second:,.0f}", f"{entry.p50_ms:.3f}", f"{entry.p99_ms:.3f}"
    return entry.file, entry.runtime + threads, str(entry.batch), speed, p50, p99


def _sentence(ratio: "Ratio") -> str:
    work = "one image" if ratio.batch == 1 else "in bulk"
    return f"{ratio.precision}, {work}: {ratio.times:.2f} x {KINDS[ratio.kind].format(rival=ratio.rival)}"
