"""`vaecli export`."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaecli.cli import console
from vaecli.cli.console import ForceOption, QuietOption

if TYPE_CHECKING:
    from rich.table import Table

    from vaecli.choices import Precision


@console.usage_errors
def export(
    run: Annotated[
        pathlib.Path | None, typer.Option("--model", "-m", help="A run.", show_default="the newest run")
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option("--out", "-o", help="The folder to write.", show_default="model/ in the run"),
    ] = None,
    opset: Annotated[
        int | None, typer.Option(help="Of the ONNX operators, 13 to 18.", show_default="13")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Add decoder.int8.onnx, faster and nearly the same.")
    ] = False,
    fp16: Annotated[
        bool, typer.Option("--fp16", help="Add decoder.fp16.onnx, half the size and as fast.")
    ] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert a trained run to ONNX files, checked against Keras: a folder to copy anywhere.

    [dim]vaecli export -o shoes/[/dim]

    [dim]vaecli export -m runs/fashion-mnist-1 -o shoes/ --opset 17 --force[/dim]

    [dim]vaecli export --int8 --fp16 --force[/dim]
    """
    from vaecli.tasks.export import export as task

    wanted: dict[Precision, bool] = {"int8": int8, "fp16": fp16}
    precisions = [name for name, asked in wanted.items() if asked]
    with console.stderr().status("Converting and checking ...") if not quiet else console.nothing():
        result = task(console.model_path(run), out=out, opset=opset, precisions=precisions, force=force)
    if not quiet:
        console.stderr().print(_table(result.table))
        for name, loss in result.losses.items():
            console.note(_loss_line(name, loss))
    console.say(console.shown_path(result.folder))
    if not quiet:
        chosen = f" --precision {precisions[0]}" if precisions else ""
        console.next_step(f"vaecli sample -m {console.shown_path(result.folder)} -o sheet.png{chosen}")


def _table(lines: "Sequence[Any]") -> "Table":
    table = console.table("Keras against onnxruntime, absolute differences")
    for name in ("part", "output", "inputs"):
        table.add_column(name)
    for name in ("batch", "largest", "mean", "bound"):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(
            line.part,
            line.output,
            line.inputs,
            str(line.batch),
            f"{line.largest:.1e}",
            f"{line.mean:.1e}",
            f"{line.bound:.1e}",
        )
    return table


def _loss_line(precision: str, loss: Mapping[str, float]) -> str:
    return (
        f"{precision} against float32: {loss['mae_posterior']:.2g} levels of 255 on posterior samples, "
        f"{loss['mae_prior']:.2g} on the prior, {loss['mae_extreme']:.2g} at norm 10; "
        f"ELBO {loss['elbo']:+.1g} nats."
    )
