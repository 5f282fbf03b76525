"""`vaecli verify`."""

import dataclasses
from typing import TYPE_CHECKING

from vaecli.cli import console
from vaecli.cli.models import model_path
from vaecli.cli.parameters import JsonOption, ModelArgument, ModelOption
from vaecli.errors import ParityError

if TYPE_CHECKING:
    from vaecli.tasks.verify import Verified


@console.usage_errors
def verify(
    model: ModelArgument = None, model_option: ModelOption = None, as_json: JsonOption = False
) -> None:
    """Check on this machine that a model's files are undamaged and compute what was trained.

    [dim]vaecli verify shoes/[/dim]

    [dim]vaecli verify --json[/dim]
    """
    from vaecli.tasks.verify import verify as task

    lines = task(model_path(model, model_option))
    passed = all(line.passed for line in lines)
    if as_json:
        checks = [dataclasses.asdict(line) | {"passed": line.passed} for line in lines]
        console.print_json("verify", {"passed": passed, "checks": checks})
    else:
        _print_lines(lines)
    if not passed:
        failed = next(line for line in lines if not line.passed)
        raise ParityError(
            f"{failed.file} does not compute what it computed where it was made: `{failed.output}` must differ by "
            f"at most {failed.bound:.2g}, got {console.number(failed.largest, '.2g')}.",
            hint="The file was changed, or this onnxruntime computes something else; copy or export it again.",
        )


def _print_lines(lines: "list[Verified]") -> None:
    from rich.text import Text

    columns = dict.fromkeys(("file", "output"), "left")
    columns |= dict.fromkeys(("inputs", "largest difference", "bound"), "right")
    rows = [
        (
            line.file,
            line.output,
            str(line.count),
            console.number(line.largest, ".1e"),
            f"{line.bound:.1e}",
            Text("pass", "green") if line.passed else Text("FAIL", "bold red"),
        )
        for line in lines
    ]
    console.print_table(columns | {"": "left"}, rows)
