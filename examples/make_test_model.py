"""Train the small model that the tests use, and export it to tests/models/.

    python examples/make_test_model.py

It is the classic network with 2 latent dimensions after 12 epochs on the bundled subset; it takes about a minute
and needs the `train` extra. The files are committed, so that the suite runs where TensorFlow is not installed.
"""

import pathlib
import shutil
import tempfile

from vaecli.options import TrainOptions
from vaecli.tasks.train import train

TARGET = pathlib.Path(__file__).parent.parent / "tests" / "models" / "mini-2d"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = TrainOptions(data="fashion-mnist-mini", epochs=12, latent_dim=2)
        trained = train(options, out=pathlib.Path(folder) / "mini-2d")
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(trained.run / "model", TARGET)
    print(f"{TARGET}: validation loss {trained.best['val_loss']:.2f} nats, {trained.reason}")


if __name__ == "__main__":
    main()
