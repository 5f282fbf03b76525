"""`vaecli export`."""

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import INT8_LIKELIHOODS, INT8_NETWORKS
from vaecli.cli import console
from vaecli.cli.models import RUN_HINT, model_path
from vaecli.cli.parameters import ForceOption, QuietOption, WithPicturesOption, complete_runs
from vaecli.errors import OptionError

if TYPE_CHECKING:
    from vaecli.choices import Precision
    from vaecli.tasks.export import Exported


@console.usage_errors
def export(
    run: Annotated[
        pathlib.Path | None,
        typer.Option(
            "--model",
            "-m",
            help="Run folder; with --html also a model folder, a decoder.onnx, or fashion-mnist.",
            show_default="the newest run",
            autocompletion=complete_runs,
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="Folder to write.", show_default="model/ in the run"),
    ] = None,
    opset: Annotated[
        int | None, typer.Option(help="Version of the ONNX operators, 13 to 18.", show_default="13")
    ] = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help=f"Add decoder.int8.onnx: faster, nearly the same pictures. For {', '.join(INT8_NETWORKS)} with "
            f"{', '.join(INT8_LIKELIHOODS)}.",
        ),
    ] = False,
    fp16: Annotated[
        bool,
        typer.Option("--fp16", help="Add encoder.fp16.onnx and decoder.fp16.onnx: half the size, as fast."),
    ] = False,
    no_examples: Annotated[
        bool,
        typer.Option(
            "--no-examples",
            help="Store no latents of individual validation images in the files. What `vaecli score` needs stays: "
            "quantiles over all validation images, and a mixture over all training images.",
        ),
    ] = False,
    html: Annotated[
        str | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write an exported model as a page to explore it with, one .html file that works offline, and "
            "nothing else. Needs no TensorFlow.",
            show_default=False,
        ),
    ] = None,
    with_pictures: WithPicturesOption = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert a trained run to ONNX files, checked against Keras: a folder to copy anywhere.

    [dim]vaecli export -o shoes/[/dim]

    [dim]vaecli export -m runs/fashion-mnist-1 -o shoes/ --opset 17 --force[/dim]

    [dim]vaecli export --int8 --fp16 --force[/dim]

    [dim]vaecli export -m shoes/ --html shoes.html[/dim]
    """
    if html is not None:
        unused = {"--out": out, "--opset": opset, "--int8": int8, "--fp16": fp16}
        _export_page(
            run, html, unused, examples=not no_examples, pictures=with_pictures, force=force, quiet=quiet
        )
        return
    if with_pictures:
        raise OptionError("--with-pictures needs --html FILE.", option="--with-pictures")
    from vaecli.tasks.export import ExportOptions
    from vaecli.tasks.export import export as task

    requested: dict[Precision, bool] = {"int8": int8, "fp16": fp16}
    precisions = [name for name, is_requested in requested.items() if is_requested]
    opset = ExportOptions.opset if opset is None else opset
    options = ExportOptions(out, opset, precisions, force, examples=not no_examples)
    path = model_path(run, quiet=quiet, hint=RUN_HINT)
    with console.status("Converting and checking ...", quiet=quiet):
        result = task(path, options)
    if not quiet:
        _print_differences(result)
        for name, figures in result.degradations.items():
            console.note(_loss_line(name, figures))
        if result.without_score:
            console.note(f"Without what `vaecli score` needs. {result.without_score}")
        if result.prior_note:
            console.note(result.prior_note)
    folder = console.shown_path(result.folder)
    console.say(folder)
    if not quiet:
        precision = ["--precision", precisions[0]] if precisions else []
        console.next_step("sample", "-m", folder, *precision)


def _export_page(
    model: pathlib.Path | None,
    html: str,
    unused: Mapping[str, object],
    *,
    examples: bool,
    pictures: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Write the page of an exported model; refuse options that have no meaning for it."""
    from vaecli.cli.explore import say_what_travels
    from vaecli.tasks.page import PageOptions, write_page

    for option, value in unused.items():
        if value:
            raise OptionError(
                f"{option} must be left out with --html, which writes a page alone.", option=option
            )
    options = PageOptions(examples=examples, pictures=pictures)
    path, made = write_page(model_path(model, quiet=quiet), html, options, force=force)
    if not quiet:
        say_what_travels(made)
    console.say(console.shown_path(path))


def _print_differences(result: "Exported") -> None:
    columns = dict.fromkeys(("part", "output", "inputs"), "left")
    columns |= dict.fromkeys(("batch", "largest", "mean", "bound"), "right")
    rows = [
        (
            line.part,
            line.output,
            line.inputs,
            str(line.batch),
            f"{line.largest:.1e}",
            f"{line.mean:.1e}",
            f"{line.bound:.1e}",
        )
        for line in result.table
    ]
    title = "Absolute differences between Keras and onnxruntime"
    console.print_table(columns, rows, title=title, target=console.stderr())


def _loss_line(precision: str, loss: Mapping[str, float]) -> str:
    return (
        f"{precision} against float32: {loss['mae_posterior']:.2g} levels of 255 on posterior samples, "
        f"{loss['mae_prior']:.2g} on the prior, {loss['mae_extreme']:.2g} at norm 10; "
        f"ELBO {loss['elbo']:+.1g} nats"
        + (f"; KL of the posteriors {loss['kl']:.1g} nats." if "kl" in loss else ".")
    )
