"""metrics.csv: one row of figures per epoch."""

import csv
import pathlib
from collections.abc import Sequence

from vaecli import files
from vaecli.errors import ModelError

Row = dict[str, float]  # one line of metrics.csv: column -> value

COLUMNS = (
    "epoch", "loss", "reconstruction", "kl", "val_loss", "val_reconstruction", "val_kl",
    "learning_rate", "seconds", "images_per_second", "val_seconds",
)  # fmt: skip


def write_metrics(path: pathlib.Path, history: Sequence[Row]) -> None:
    """Replace the file by one line per epoch of `history`: a resumed run leaves no gaps or duplicates.

    Raises:
        OutputError: the file cannot be written.
    """
    lines = [",".join(COLUMNS)]
    lines += [",".join(_format(row[column]) for column in COLUMNS) for row in history]
    files.write_text(path, "\n".join(lines) + "\n")


def read_metrics(path: pathlib.Path) -> list[Row]:
    """Read the figures of each epoch; return an empty list if the file does not exist.

    Raises:
        ModelError: the file cannot be read or is damaged.
    """
    try:
        with path.open(encoding="ascii", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise ValueError("a column is missing")
            return [{name: float(row[name]) for name in COLUMNS} for row in reader]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ModelError(
            f"Cannot read {path}: {reason}. Each line must have a number in each of {', '.join(COLUMNS)}.",
            hint="Remove the file: `vaecli train --resume` writes it anew from the saved state.",
        ) from error


def _format(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.7g}"
