"""Binary pixels in training: exact probabilities, fresh in each step, the same bits after a resume."""

import dataclasses
import itertools

import numpy as np
import pytest

from vaecli.errors import TrainingError
from vaecli.options import TrainOptions

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(
    epochs=1,
    network="dense",
    width=16,
    latent_dim=2,
    batch_size=64,
    validation_split=0.2,
    seed=3,
    precision="float32",
    binarize=True,
)


def test_the_probability_of_each_level():
    """A part of level / 255 of 40,000 draws of each level is white; steps and seeds differ."""
    from vaecli.training.binarise import Binarise

    levels = np.tile(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), (40_000, 1, 1, 1))
    binarise = Binarise(seed=7)
    thresholds = binarise.draw(levels.shape, 3)
    binary = binarise.apply(levels, thresholds).numpy()
    assert binary.dtype == np.uint8 and set(np.unique(binary)) == {0, 255}
    white = (binary == 255).mean(axis=0).reshape(-1)
    assert white[0] == 0 and white[255] == 1
    assert np.abs(white - np.arange(256) / 255).max() < 0.0125  # 5 standard deviations
    again = binarise.apply(levels, Binarise(seed=7).draw(levels.shape, 3)).numpy()
    assert np.array_equal(again, binary)
    for draw in (binarise.draw(levels.shape, 4), Binarise(seed=8).draw(levels.shape, 3)):
        assert 0.5 < (binarise.apply(levels, draw).numpy() == binary).mean() < 0.7


def test_no_two_streams_of_random_numbers_meet():
    """Noise, augmentation, pixels and labels have different seeds, whatever seeds and steps are."""
    from vaecli.training import streams

    kinds = (streams.noise, streams.augmentation, streams.pixels, streams.labels)
    seeds = [
        tuple(kind(seed, step).numpy().tolist())
        for kind, seed, step in itertools.product(kinds, (0, 1, 2**63 - 1), (0, 1, 5))
    ]
    assert len(set(seeds)) == len(seeds)


def test_more_devices_draw_the_same(losses_on_devices):
    """Ten steps of 7 images on two devices give the losses of one; grey pixels give others."""
    one, two, grey = losses_on_devices(
        '"dense", likelihood("bernoulli", binarised=bool(case)), (28, 28, 1), 2, seed=0'
    )
    np.testing.assert_allclose(two, one, rtol=1e-4)
    assert abs(np.subtract(one, grey)).min() > 1e-3


def test_validation_pixels_are_those_that_eval_draws(few, trainer_on):
    """The validation loss is that of RandomState(777)'s binary pixels, the same in each epoch, in chunks too."""
    from vaecli.training import validation

    trainer, grey = (
        trainer_on(few, dataclasses.replace(OPTIONS, binarize=binarize)) for binarize in (True, False)
    )
    measured = trainer.validation.measure()
    assert measured.reconstruction == trainer.validation.measure().reconstruction
    positions = trainer.validation.indices
    binary = np.array(few)
    binary[positions] = 255 * np.random.RandomState(777).binomial(1, few[positions] / 255)
    expected = validation.Validation(grey.vae, binary, positions, seed=OPTIONS.seed).measure()
    assert measured.reconstruction == pytest.approx(expected.reconstruction, rel=1e-6)
    assert np.allclose(measured.z_mean, expected.z_mean, atol=1e-6)
    assert abs(measured.reconstruction - grey.validation.measure().reconstruction) > 0.01


def test_a_resumed_run_draws_the_same_bits(few, trainer_on, run_loop, monkeypatch):
    """A run stopped between steps and resumed has the weights of a run never stopped."""
    monkeypatch.setattr("vaecli.training.loop.CALL_SECONDS", 0.0)  # a step a call
    straight = trainer_on(few, OPTIONS)
    run_loop(straight)
    count = itertools.count(1)
    run_loop(trainer_on(few, OPTIONS), stop=lambda: "stop" if next(count) > 2 else None)
    resumed = trainer_on(few, OPTIONS)
    resumed.resume()
    assert resumed.state.batch == 2
    run_loop(resumed)
    for a, b in zip(straight.vae.variables, resumed.vae.variables, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


def test_the_difference_is_named_on_resuming_with_grey_pixels(few, trainer_on, run_loop):
    """A state of binary pixels is refused by a run of grey ones."""
    from vaecli.options import settings

    begun = trainer_on(few, OPTIONS, identity={"options": settings(OPTIONS)})
    run_loop(begun)
    grey = dataclasses.replace(OPTIONS, binarize=False)
    with pytest.raises(TrainingError, match="binarize was True and is False"):
        trainer_on(few, grey, identity={"options": settings(grey)}).resume()
