"""Augmentation: exact values, probabilities, and the same bits on any devices and after a resume."""

import dataclasses
import itertools

import numpy as np
import pytest

from vaecli.options import TrainOptions

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(
    epochs=1,
    latent_dim=2,
    batch_size=64,
    validation_split=0.2,
    seed=3,
    precision="float32",
    augment="flip,shift",
)


def reference(image, flips, down, right):
    """Mirror and shift one image (H, W, C) in numpy; pixels of the edge are repeated."""
    image = image[:, ::-1] if flips else image
    height, width, _ = image.shape
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="edge")
    return padded[2 - down : 2 - down + height, 2 - right : 2 - right + width]


@pytest.mark.parametrize("names", [("flip",), ("shift",), ("flip", "shift"), ("shift", "flip")])
@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 4, 3), (1, 2, 1)])
def test_exact_values(names, shape):
    """Each of the 50 changes gives the pixels that padding and slicing give, also of very small images."""
    from vaecli.training.augment import Augment

    changes = list(itertools.product((False, True), range(-2, 3), range(-2, 3)))
    drawn = np.array([flips + 2 * (down + 2) + 10 * (right + 2) for flips, down, right in changes])
    images = np.random.default_rng(0).integers(0, 256, (50, *shape), dtype=np.uint8)
    augmented = Augment(names, seed=0).apply(images, drawn.astype(np.int32)).numpy()
    assert augmented.dtype == np.uint8
    for image, (flips, down, right), actual in zip(images, changes, augmented, strict=True):
        moves = (down, right) if "shift" in names else (0, 0)
        assert np.array_equal(actual, reference(image, flips and "flip" in names, *moves))


def test_all_changes_have_the_same_probability():
    """Each of the 50 changes comes about 1,000 times in 50,000 draws, half of them flips; steps differ."""
    from vaecli.training.augment import Augment

    augment = Augment(("flip", "shift"), seed=7)
    drawn = augment.draw(50_000, 3).numpy()
    counts = np.bincount(drawn, minlength=50)
    assert len(counts) == 50 and abs(counts - 1000).max() < 150  # nearly 5 standard deviations
    assert abs((drawn % 2).mean() - 0.5) < 0.01
    assert np.array_equal(Augment(("flip",), seed=7).draw(50_000, 3), drawn)
    for other in (augment.draw(50_000, 4), Augment(("flip", "shift"), seed=8).draw(50_000, 3)):
        assert np.mean(other.numpy() == drawn) < 0.03


def test_more_devices_draw_the_same(losses_on_devices):
    """Ten steps of 7 images on two devices give the losses of one; without augmentation they are others."""
    one, two, plain = losses_on_devices(
        '"classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0', 'augment=("flip", "shift") * case'
    )
    np.testing.assert_allclose(two, one, rtol=1e-4)
    assert abs(np.subtract(one, plain)).min() > 1e-3


def test_a_resumed_run_is_augmented_to_the_bit(few, trainer_on, run_loop, monkeypatch):
    """A run stopped between steps and resumed has the weights and the history of a run never stopped."""
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


def test_validation_and_previews_are_not_augmented(few, trainer_on):
    """The losses before the first step and the kept pictures are those of a run without augmentation."""
    augmented, plain = (
        trainer_on(few, dataclasses.replace(OPTIONS, augment=names)) for names in ("flip,shift", "")
    )
    for first, second in zip(
        (augmented.validation.measure().reconstruction, *augmented.previews.reconstructions(4)),
        (plain.validation.measure().reconstruction, *plain.previews.reconstructions(4)),
        strict=True,
    ):
        assert np.array_equal(first, second)
