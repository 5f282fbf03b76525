"""Compute what a smaller `--patience` would have cost in finished runs.

    python examples/benchmarks/patience.py RUN [RUN ...]

For each run and each patience: the epoch after which training would have stopped, and by how many nats the
best validation loss up to there is above that of the whole run. Train the runs with a `--patience` of all
their epochs. Prints one JSON object per run.
"""

import argparse
import json
import pathlib

from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run

PATIENCE = (1, 2, 3, 5, 7, 10)


def cut(losses: list[float], patience: int) -> tuple[int, float]:
    """Return the epoch at which this patience would have stopped the run, and the loss in nats that it costs."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch + 1, losses[best] - min(losses)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().runs:
        losses = [row["val_loss"] for row in read_metrics(Run(path).metrics)]
        cuts = {patience: cut(losses, patience) for patience in PATIENCE}
        rows = {
            patience: {"epoch": epoch, "nats": round(lost, 3)} for patience, (epoch, lost) in cuts.items()
        }
        print(json.dumps({"run": path.name, "epochs": len(losses), "patience": rows}))


if __name__ == "__main__":
    main()
