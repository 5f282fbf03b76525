"""`vaecli compare`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.parameters import ForceOption, JsonOption, QuietOption, complete_runs

if TYPE_CHECKING:
    from vaecli.tasks.compare.result import Comparison
    from vaecli.tasks.compare.words import VerdictTable


@console.usage_errors
def compare(
    evaluations: Annotated[
        list[str],
        typer.Argument(
            metavar="EVALUATIONS...",
            help="Files of `eval --save`, or runs or model folders that hold one; `vs` between two sides.",
            show_default=False,
            autocompletion=complete_runs,
        ),
    ],
    metrics: Annotated[
        str,
        typer.Option(
            help="Metrics of the table, separated by commas; the first is that of the verdicts.",
            show_default="nll or elbo, and some more",
        ),
    ] = "",
    across_priors: Annotated[
        bool,
        typer.Option("--across-priors", help="Compare models with different priors, each with its own."),
    ] = False,
    form: Annotated[
        Literal["table", "csv", "markdown", "latex"], typer.Option("--format", help="Format on stdout.")
    ] = "table",
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write (.csv, .md, .tex).", show_default="none"),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare saved evaluations: a table, whether these files differ, and whether these settings differ.

    Files are compared image by image. Settings are compared over training seeds, at least three runs a side.

    [dim]vaecli compare runs/a runs/b[/dim]

    [dim]vaecli compare runs/conv-1 runs/conv-2 runs/conv-3 vs runs/dense-1 runs/dense-2 runs/dense-3[/dim]

    [dim]vaecli compare a.npz b.npz --metrics ssim,mse -o table.tex[/dim]
    """
    from vaecli.errors import OptionError
    from vaecli.files import treatment
    from vaecli.tasks.compare import formats
    from vaecli.tasks.compare.compare import compare as task

    if as_json and form != "table":
        raise OptionError("--format must be left out with --json.", option="--format")
    out_format = None if out is None else formats.target_format(out)
    names = [name.strip() for name in metrics.split(",")] if metrics.strip() else []
    with bars(quiet=quiet, lines=True) as shown:
        progress = shown.counter("Reading evaluations")
        result = task(evaluations, metrics=names, across_priors=across_priors, progress=progress)
    if out is not None and out_format is not None:
        path = formats.write(result, out, out_format, if_taken=treatment(out, force=force))
        if not quiet:
            console.progress_line(f"Written: {console.shown_path(path)}")
    if as_json:
        console.print_json("compare", result.facts())
    elif form == "table":
        _print(result, quiet=quiet)
    else:
        console.say(formats.as_text(result, form).rstrip("\n"))


def _print(comparison: "Comparison", *, quiet: bool) -> None:
    """Print the values, in several tables where one is too wide, the two verdicts, and in what sides differ."""
    from vaecli.tasks.compare import words

    for place, table in enumerate(words.values_tables(comparison, console.stdout().width)):
        if place:
            console.say("")
        kinds = ["left"] * words.NAMING + ["right"] * (len(table.headers) - words.NAMING)
        console.print_table(dict(zip(table.headers, kinds, strict=True)), table.rows)
    for verdicts in (words.files_table(comparison), words.settings_table(comparison)):
        console.say("")
        _print_verdicts(verdicts)
    lines = words.settings_lines(comparison)
    if lines:
        console.say("")
        console.print_table(
            {"setting": "wrap"}, [(line,) for line in lines], title="Sides differ in", header=False
        )
    if not quiet:
        for line in words.software_lines(comparison):
            console.note(line)
        console.note(words.NOTE)
        for line in [*words.conditions_lines(comparison), *words.left_out_lines(comparison)]:
            console.note(line)


def _print_verdicts(verdicts: "VerdictTable") -> None:
    console.say(verdicts.question)
    if verdicts.rows:
        name, difference, interval, verdict, how = verdicts.headers
        columns = {name: "left", difference: "right", interval: "right", verdict: "left", f"{how} ": "wrap"}
        console.print_table(columns, verdicts.rows, title=verdicts.subject)
    for reason in verdicts.reasons:
        console.say(reason)
