"""`vaecli eval`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.console import (
    JsonOption,
    ModelOption,
    PrecisionOption,
    QuietOption,
    SeedOption,
    ThreadsOption,
)

if TYPE_CHECKING:
    from rich.table import Table


@console.usage_errors
def evaluate(
    model: ModelOption = None,
    data: Annotated[
        str | None, typer.Option(help="A name or a folder.", show_default="the model's data set")
    ] = None,
    split: Annotated[Literal["test", "train"], typer.Option(help="Which part of it.")] = "test",
    metrics: Annotated[str, typer.Option(help="all, or names with commas, such as elbo,ssim.")] = "all",
    importance_samples: Annotated[
        int, typer.Option(min=0, help="K of the importance-weighted bound, nll; 0 leaves it out.")
    ] = 0,
    seed: SeedOption = 0,
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure an exported model on a data set: nats, errors of reconstruction, active units.

    [dim]vaecli eval[/dim]

    [dim]vaecli eval -m shoes/ --metrics elbo,ssim --json[/dim]

    [dim]vaecli eval --importance-samples 100[/dim]
    """
    from vaecli.tasks.evaluate import evaluate as task
    from vaecli.tasks.model import open_model

    opened = open_model(console.model_path(model), precision=precision, threads=threads)
    with bars(quiet=quiet) as shown:
        result = task(
            opened,
            data=data,
            split=split,
            names=[name.strip() for name in metrics.split(",")],
            importance_samples=importance_samples,
            seed=seed,
            warn=console.silent if quiet else console.note,
            download=shown.download,
            progress=shown.counter("Evaluating"),
        )
    if as_json:
        console.print_json(result.values)
    else:
        console.stdout().print(_table(result.values))


def _table(values: dict[str, float]) -> "Table":
    from rich.text import Text

    from vaecli.metrics.table import METRICS

    rows = []
    for name, value in values.items():
        if not name.endswith("_se"):
            error = values.get(f"{name}_se")
            shown = f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"
            rows.append(
                (
                    name,
                    shown,
                    "" if error is None else f"{error:.4f}",
                    METRICS[name].line if name in METRICS else "",
                )
            )
    table = console.table()
    left = console.stdout().width
    for column, title in enumerate(("metric", "value", "± s.e.")):
        table.add_column(title, justify="right" if column else "left", no_wrap=True)
        left -= max(len(title), *(len(row[column]) for row in rows)) + 2
    table.add_column("what it is", style="dim")
    for *cells, meaning in rows:  # the explanation alone is cut where the terminal is narrow
        table.add_row(*cells, Text(meaning[: max(left, 10)]))
    return table
