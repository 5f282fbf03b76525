"""What tests of training share: few real pictures, and trainers on them."""

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask


@pytest.fixture(scope="session")
def few():
    """300 pictures: an epoch of four steps of 64."""
    return load_mini("train").images[:300]


@pytest.fixture
def trainer_on(tmp_path):
    """Makes a trainer whose state lies in the test's own folder."""

    def make(images, options):
        from vaecli.training.trainer import Trainer

        held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
        return Trainer(images, held_out, options, tmp_path / "state.npz")

    return make


@pytest.fixture
def poison():
    """Puts a number that is none into a trainer's weights."""

    def poison(trainer, value=np.nan):
        variable = trainer.vae.decoder.trainable_variables[0]
        variable.assign(np.full(variable.shape, value, np.float32))

    return poison
