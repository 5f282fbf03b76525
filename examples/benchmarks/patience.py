"""What --patience would have cost: runs that went on to their last epoch, cut after the fact.

    python examples/benchmarks/patience.py runs/fashion-mnist-1 runs/fashion-mnist-2

For each run and each patience: after which epoch it would have ended, and how many nats of validation loss the best
weights until then are above those of the whole run. Train the runs with a --patience of all their epochs. Prints a
JSON object a run.
"""

import argparse
import json
import pathlib

from vaecli.runs.layout import Run

PATIENCE = (1, 2, 3, 5, 7, 10)


def cut(losses: list[float], patience: int) -> tuple[int, float]:
    """The last epoch, and what is given up, of a run that ends after so many epochs without a lower loss."""
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
        losses = [row["val_loss"] for row in Run(path).read_metrics()]
        cuts = {patience: cut(losses, patience) for patience in PATIENCE}
        rows = {
            patience: {"epoch": epoch, "nats": round(lost, 3)} for patience, (epoch, lost) in cuts.items()
        }
        print(json.dumps({"run": path.name, "epochs": len(losses), "patience": rows}))


if __name__ == "__main__":
    main()
