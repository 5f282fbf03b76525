"""Train a model on each class of Fashion-MNIST alone, and measure how well it tells the other classes from its own.

    python examples/benchmarks/one_class.py --out one-class                 # ten models of 6,000 images
    python examples/benchmarks/one_class.py --out one-class --classes 0 6 --epochs 1

For each class it writes the training images to CLASS.npy and runs

    vaecli train --data CLASS.npy --latent-dim 16 --epochs 40 --out CLASS

unless that folder is there, then scores the 10,000 test images. Prints a JSON line for each class, and one with the
means: the AUROC of the score, of its components, of the plain negative ELBO (`neg_elbo`), and of the reconstruction
error of a principal component analysis of the class with 32 components (`pca_32`).
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import numpy as np

from vaecli.data.load import load
from vaecli.metrics.detection import auroc
from vaecli.pixels import Pixels, to_float32
from vaecli.runtime.model import Model

COMPONENTS = 32


def trained(images: Pixels, folder: pathlib.Path, epochs: int) -> Model:
    """Train a model on images of one class, as a user would, and open it."""
    if not (folder / "model").exists():
        data = folder.with_suffix(".npy")
        data.parent.mkdir(parents=True, exist_ok=True)
        np.save(data, images)
        command = [
            "train",
            "--data",
            data,
            "--latent-dim",
            "16",
            "--epochs",
            epochs,
            "--out",
            folder,
            "--quiet",
        ]
        subprocess.run([sys.executable, "-m", "vaecli", *map(str, command)], check=True)
    return Model.open(folder)


def pca_errors(training: Pixels, images: Pixels) -> np.ndarray:
    """Return the squared reconstruction error of each image by a PCA of the training images."""
    rows, tested = (to_float32(part).reshape(len(part), -1) for part in (training, images))
    mean = rows.mean(axis=0)
    basis = np.linalg.svd(rows - mean, full_matrices=False)[2][:COMPONENTS]
    centred = tested - mean
    errors: np.ndarray = np.square(centred - centred @ basis.T @ basis).sum(axis=1)
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("one-class"))
    parser.add_argument("--classes", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()
    train, test = load("fashion-mnist", "train"), load("fashion-mnist", "test")
    if train.labels is None or test.labels is None:
        raise SystemExit("The data have no labels.")
    lines = []
    for label in options.classes:
        images = train.images[np.flatnonzero(train.labels == label)]
        scores = trained(images, options.out / str(label), options.epochs).score(test.images[:])
        values = {"score": scores.score} | dict(scores.components)
        values["pca_32"] = pca_errors(images, test.images[:])
        is_other = test.labels != label
        lines.append({name: round(auroc(column, is_other), 4) for name, column in values.items()})
        print(json.dumps({"class": test.class_names[label]} | lines[-1]), flush=True)
    means = {name: round(statistics.mean(line[name] for line in lines), 4) for name in lines[0]}
    print(json.dumps({"class": "mean"} | means))


if __name__ == "__main__":
    main()
