"""`vaecli export`."""

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.cli import console
from vaecli.cli.console import ForceOption, QuietOption

if TYPE_CHECKING:
    from rich.table import Table

    from vaecli.export.parity import Difference


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
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert a trained run to ONNX files, checked against Keras: a folder to copy anywhere.

    [dim]vaecli export -o shoes/[/dim]

    [dim]vaecli export -m runs/fashion-mnist-1 -o shoes/ --opset 17 --force[/dim]

    [dim]vaecli export --int8 --force[/dim]
    """
    from vaecli.tasks.export import export as task

    with console.stderr().status("Converting and checking ...") if not quiet else console.nothing():
        result = task(console.model_path(run), out=out, opset=opset, int8=int8, force=force)
    if not quiet:
        console.stderr().print(_table(result.table))
        if result.quantisation:
            console.note(_int8_line(result.quantisation))
    console.say(console.shown_path(result.folder))
    if not quiet:
        chosen = " --precision int8" if int8 else ""
        console.next_step(f"vaecli sample -m {console.shown_path(result.folder)} -o sheet.png{chosen}")


def _table(lines: "list[Difference]") -> "Table":
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


def _int8_line(loss: Mapping[str, float]) -> str:
    return (
        f"int8 against float32: {loss['grey_encodings']:.2f} grey levels on encodings, {loss['grey_prior']:.2f} on "
        f"the prior, {loss['grey_extreme']:.2f} at norm 10; ELBO {loss['elbo']:+.3f} nats."
    )
