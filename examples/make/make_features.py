"""Train the classifier whose features `vaecli eval --quality` uses for Fashion-MNIST, and put it into the package.

    python examples/make/make_features.py

It is `vaecli features train --data fashion-mnist --augment flip`, which takes about eight minutes of processor
time, and needs the `train` extra and Fashion-MNIST. The script then measures what was made on the test images,
which play no part in the training, and refuses it below 92 % or with a dead feature.
"""

import pathlib
import sys

import vaecli.runtime
from vaecli.data.load import load
from vaecli.runtime.classifier import BUNDLED, Classifier
from vaecli.tasks.features.train import FeatureOptions, train_features

TARGET = pathlib.Path(vaecli.runtime.__file__).parent / "bundled_files" / BUNDLED
LEAST_ACCURACY, LEAST_SPREAD, MOST_BYTES = 0.92, 0.05, 10**6


def main() -> None:
    options = FeatureOptions(augment="flip")
    made = train_features("fashion-mnist", options=options, out=TARGET, if_taken="replace", progress=print)
    test = load("fashion-mnist", "test")
    result = Classifier.open(made.path).classify(test.images)
    accuracy = float((result.logits.argmax(axis=1) == test.labels).mean())
    spread = result.features.std(axis=0)
    seconds = sum(made.seconds.values())
    print(f"{made.path.name}: {made.size:,} bytes, {seconds:.0f} s, {accuracy:.2%} of the test images,")
    print(f"standard deviation of a feature {spread.min():.2f} to {spread.max():.2f}")
    if accuracy < LEAST_ACCURACY or spread.min() < LEAST_SPREAD * spread.max() or made.size > MOST_BYTES:
        made.path.unlink()
        sys.exit("Not good enough: nothing was kept.")


if __name__ == "__main__":
    main()
