"""Measure `vaecli edit`: how often a picture moved toward a class is seen as one of that class.

    python examples/benchmarks/edit.py -m runs/d16

For each class, pictures of other classes from the validation set are moved by amount 1 toward it. A classifier that
knows nothing of the model judges them: the 5 nearest training pictures, in pixels.
"""

import argparse
import time

import numpy as np

from vaecli import Model
from vaecli.latent.directions import moved, nearest_class
from vaecli.tasks.inputs import load_for

NEIGHBOURS, CHUNK = 5, 200


class PixelNeighbours:
    """The class of the nearest training pictures, in pixels; of equal votes that of the nearer ones."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, classes: int) -> None:
        self.pixels = images.reshape(len(images), -1).astype(np.float32) / 255
        self.squares, self.labels, self.classes = (self.pixels**2).sum(axis=1), labels, classes

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the class (N,) of each image (N, H, W, C), floats in [0, 1]."""
        flat = images.reshape(len(images), -1).astype(np.float32)
        return np.concatenate(
            [self._part(flat[start : start + CHUNK]) for start in range(0, len(flat), CHUNK)]
        )

    def _part(self, flat: np.ndarray) -> np.ndarray:
        distances = self.squares - 2 * flat @ self.pixels.T
        nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        order = np.argsort(np.take_along_axis(distances, nearest, 1), axis=1)
        labels = self.labels[np.take_along_axis(nearest, order, 1)]
        votes = np.zeros((len(flat), self.classes))
        for place in range(NEIGHBOURS):
            votes[np.arange(len(flat)), labels[:, place]] += 1 + 0.001 * (NEIGHBOURS - place)
        predicted: np.ndarray = votes.argmax(axis=1)
        return predicted


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("--count", type=int, default=1000, help="pictures of all classes together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bare", action="store_true", help="add the bare difference of the class means")
    options = parser.parse_args()
    model = Model.open(options.model)
    train, validation = (load_for(model, None, part) for part in ("train", "validation"))
    names, means, counts = validation.class_names, model.facts.class_means, model.facts.class_counts
    if train.labels is None or validation.labels is None or means is None or counts is None:
        raise SystemExit(f"{options.model} must be a model of labelled data.")
    classifier = PixelNeighbours(np.asarray(train.images[:]), train.labels, len(names))
    rng, started = np.random.default_rng(options.seed), time.perf_counter()
    totals: dict[str, list[float]] = {"moved": [], "reconstructed": [], "original": []}
    print(f"{'toward':14} {'moved':>8} {'reconstructions of it':>22} {'pictures of it':>15}")
    for label, name in enumerate(names):
        each = options.count // len(names)
        others = rng.choice(np.flatnonzero(validation.labels != label), each, replace=False)
        own = rng.permutation(np.flatnonzero(validation.labels == label))[:each]
        latents = []
        for z in model.encode(validation.images[others])[0]:
            start = nearest_class(z, means, counts, label)
            latents.append(moved(z, means[start], means[label], [1.0], keeps_all=options.bare)[0])
        pictures = {
            "moved": model.decode(np.stack(latents)),
            "reconstructed": model.decode(model.encode(validation.images[own])[0]),
            "original": validation.images[own] / 255,
        }
        for kind, images in pictures.items():
            totals[kind].append((classifier.predict(images) == label).mean())
        row = [totals[kind][-1] for kind in pictures]
        print(f"{name:14} {row[0]:8.1%} {row[1]:22.1%} {row[2]:15.1%}", flush=True)
    row = [float(np.mean(rates)) for rates in totals.values()]
    print(
        f"{'mean':14} {row[0]:8.1%} {row[1]:22.1%} {row[2]:15.1%}  in {time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
