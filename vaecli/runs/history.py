"""metrics.csv: one row of figures an epoch."""

import csv
import pathlib
from collections.abc import Sequence

from vaecli import files
from vaecli.errors import ModelError

Row = dict[str, float]  # one line of metrics.csv

COLUMNS = (
    "epoch", "loss", "reconstruction", "kl", "val_loss", "val_reconstruction", "val_kl",
    "learning_rate", "seconds", "images_per_second", "val_seconds",
)  # fmt: skip


def write_metrics(path: pathlib.Path, history: Sequence[Row]) -> None:
    """Write the file anew from the whole history, so that a resumed run has no gap and no duplicate."""
    with files.replacing(path) as file:
        lines = [",".join(COLUMNS)]
        lines += [",".join(_number(row[column]) for column in COLUMNS) for row in history]
        file.write(("\n".join(lines) + "\n").encode("ascii"))


def read_metrics(path: pathlib.Path) -> list[Row]:
    """Read the rows; none if the file does not exist yet.

    Raises:
        ModelError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        with path.open(encoding="ascii", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise ValueError("a column is missing")
            return [{name: float(row[name]) for name in COLUMNS} for row in reader]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ModelError(f"{path} is damaged: expected a number in each of {', '.join(COLUMNS)}.") from error


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.7g}"
