"""Fixtures for tests of training: a few real images, and trainers on them."""

import numpy as np
import pytest

from vaecli.data.images import ImageSet
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.runs.progress import Watcher


@pytest.fixture(scope="session")
def few():
    """300 images: an epoch of four steps of 64."""
    return load_mini("train").images[:300]


@pytest.fixture(scope="session")
def make_trainer():
    """Makes a trainer on images (N, H, W, C), which may have labels, with its state in a folder."""

    def make_trainer(images, options, folder, *, labels=None, identity=None):
        from vaecli.training.trainer import Trainer

        names = () if labels is None else tuple(map(str, range(labels.max() + 1)))
        data = ImageSet("few", "train", images, labels, names, "memory")
        held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
        return Trainer(data, held_out, options, checkpoint=folder / "state.npz", identity=identity)

    return make_trainer


@pytest.fixture
def trainer_on(make_trainer, tmp_path):
    """Makes a trainer whose state lies in the test's own folder."""
    return lambda images, options, **more: make_trainer(images, options, tmp_path, **more)


@pytest.fixture(scope="session")
def run_loop():
    """Trains to the end, or until `stop` gives a reason, which is returned."""

    def run_loop(trainer, watch=None, *, stop=lambda: None, **more):
        from vaecli.training.loop import Loop

        return Loop(trainer, watch=watch or Watcher(), stop=stop, **more).run()

    return run_loop


@pytest.fixture(scope="session")
def poison():
    """Puts NaN, or another value, into a trainer's weights."""

    def poison(trainer, value=np.nan):
        variable = trainer.vae.decoder.trainable_variables[0]
        variable.assign(np.full(variable.shape, value, np.float32))

    return poison
