"""`vaecli verify`."""

import dataclasses
import math
from typing import TYPE_CHECKING

from vaecli.cli import console
from vaecli.cli.console import JsonOption, ModelOption
from vaecli.errors import ParityError

if TYPE_CHECKING:
    from rich.table import Table

    from vaecli.tasks.verify import Verified


@console.usage_errors
def verify(model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Check on this machine that a model's files are whole and compute what was trained.

    [dim]vaecli verify -m shoes/[/dim]

    [dim]vaecli verify --json[/dim]
    """
    from vaecli.tasks.verify import verify as task

    lines = task(console.model_path(model))
    passed = all(line.passed for line in lines)
    if as_json:
        console.print_json({"passed": passed, "checks": [_fields(line) for line in lines]})
    else:
        console.stdout().print(_table(lines))
    if not passed:
        failed = next(line for line in lines if not line.passed)
        raise ParityError(
            f"{failed.file} does not compute here what it did where it was made: `{failed.output}` differs "
            f"by up to {failed.largest:.2g}; at most {failed.bound:.2g} was expected.",
            hint="The file was changed, or this onnxruntime computes something else; copy or export it again.",
        )


def _fields(line: "Verified") -> dict[str, object]:
    """A line for JSON, which knows neither infinity nor what is no number."""
    largest = line.largest if math.isfinite(line.largest) else None
    return dataclasses.asdict(line) | {"largest": largest, "passed": line.passed}


def _table(lines: "list[Verified]") -> "Table":
    from rich.text import Text

    table = console.table()
    for name in ("file", "output"):
        table.add_column(name, no_wrap=True)
    for name in ("inputs", "largest difference", "bound"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for line in lines:
        table.add_row(
            line.file,
            line.output,
            str(line.count),
            f"{line.largest:.1e}",
            f"{line.bound:.1e}",
            Text("pass", "green") if line.passed else Text("FAIL", "bold red"),
        )
    return table
