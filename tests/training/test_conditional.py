"""Conditional networks and their training: labels join both halves, and a tenth of them is dropped."""

import dataclasses
import itertools

import numpy as np
import pytest

from vaecli.errors import OptionError, TrainingError
from vaecli.options import TrainOptions
from vaecli.runs.state import deciding
from vaecli.training.networks.table import NETWORKS

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
    conditional=True,
)


@pytest.fixture
def few_labels():
    """The labels of the images `few`."""
    from vaecli.data.named.bundled import load_mini

    return load_mini("train").labels[:300]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 5, 3)])
def test_the_label_reaches_both_halves(network, shape):
    """Outputs change with the label; without one they are those of a zero label; all weights are counted."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.networks.table import size
    from vaecli.training.vae import build, graphs

    pixels = likelihood("bernoulli")
    vae = build(network, pixels, shape, 2, seed=0, label_count=3)
    inputs = {
        "image": np.random.default_rng(0).random((3, *shape), np.float32),
        "z": np.ones((3, 2), np.float32),
    }
    for half, name, output in ((vae.encode, "image", "z_mean"), (vae.decode, "z", "logits")):
        value = inputs[name]
        plain, zero, labelled = (
            half({name: value} | label)[output].numpy()
            for label in ({}, {"label": np.zeros((3, 3), np.float32)}, {"label": np.eye(3, dtype=np.float32)})
        )
        assert np.array_equal(plain, zero) and not np.allclose(plain, labelled)
    halves = graphs(network, pixels, shape, 2, size=size(network, shape), label_count=3)
    assert sum(half.weights() for half in halves) == sum(int(np.prod(v.shape)) for v in vae.variables)
    assert all(half.inputs["label"] == (3,) for half in halves)


@pytest.mark.parametrize("network", NETWORKS)
def test_other_layers_start_as_without_labels(network):
    """Only the kernels that the label joins differ from those of a network without labels."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    plain, conditional = (
        build(network, likelihood("bernoulli"), (28, 28, 1), 2, seed=0, label_count=count) for count in (0, 3)
    )
    different = [
        a.path
        for a, b in zip(plain.variables, conditional.variables, strict=True)
        if a.shape != b.shape or not np.array_equal(a.numpy(), b.numpy())
    ]
    assert len(different) == 2 and all(path.endswith("/kernel") for path in different)


def test_a_tenth_of_the_labels_is_dropped():
    """About 5,000 of 50,000 labels, others in each step and for each seed, the same for the same."""
    from vaecli.training.labels import Labels

    labels = Labels(np.arange(10), 10, seed=7)
    kept = labels.kept(50_000, 3).numpy()
    assert set(kept.tolist()) == {0.0, 1.0} and abs(kept.mean() - 0.9) < 0.007
    assert np.array_equal(kept, Labels(np.arange(10), 10, seed=7).kept(50_000, 3))
    for draw in (labels.kept(50_000, 4), Labels(np.arange(10), 10, seed=8).kept(50_000, 3)):
        assert 0.78 < (draw.numpy() == kept).mean() < 0.86


def test_a_dropped_label_is_zero(monkeypatch, few, few_labels, trainer_on):
    """If all labels are dropped, the losses are those of training without labels in the same network."""
    from vaecli.training import labels

    trainer = trainer_on(few, OPTIONS, labels=few_labels)
    positions = np.arange(64)[None]
    with_labels = trainer.steps.run(positions, np.zeros(1), 0)[0]
    monkeypatch.setattr(labels, "DROPPED", 2.0)
    dropped = trainer_on(few, OPTIONS, labels=few_labels)
    without = dropped.steps.run(positions, np.zeros(1), 0)[0]
    assert with_labels != without
    shifted = trainer_on(few, OPTIONS, labels=(few_labels + 1) % 10)
    assert np.array_equal(shifted.steps.run(positions, np.zeros(1), 0)[0], without)


def test_more_devices_drop_the_same(losses_on_devices):
    """Ten steps of 7 images on two devices give the losses of one; other labels give others."""
    one, two, others = losses_on_devices(
        '"dense", likelihood("bernoulli"), (28, 28, 1), 2, seed=0, label_count=10',
        "labels=Labels((labels + 1 - case) % 10, 10, seed=5)",
    )
    np.testing.assert_allclose(two, one, rtol=1e-4)
    assert abs(np.subtract(one, others)).min() > 1e-4


def test_validation_has_all_labels(few, few_labels, trainer_on):
    """The validation loss depends on the labels of the validation images, and is the same each time."""
    trainer = trainer_on(few, OPTIONS, labels=few_labels)
    other = trainer_on(few, OPTIONS, labels=(few_labels + 1) % 10)
    loss = trainer.validation.measure().reconstruction
    assert loss == trainer.validation.measure().reconstruction
    assert loss != other.validation.measure().reconstruction


def test_a_resumed_run_drops_the_same_labels(few, few_labels, trainer_on, run_loop, monkeypatch):
    """A run stopped between steps and resumed has the weights of a run never stopped."""
    monkeypatch.setattr("vaecli.training.loop.CALL_SECONDS", 0.0)  # a step a call
    straight = trainer_on(few, OPTIONS, labels=few_labels)
    run_loop(straight)
    count = itertools.count(1)
    run_loop(trainer_on(few, OPTIONS, labels=few_labels), stop=lambda: "stop" if next(count) > 2 else None)
    resumed = trainer_on(few, OPTIONS, labels=few_labels)
    resumed.resume()
    assert resumed.state.batch == 2
    run_loop(resumed)
    for a, b in zip(straight.vae.variables, resumed.vae.variables, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


def test_images_without_labels(few, trainer_on):
    """They are refused, and the message names the option."""
    with pytest.raises(OptionError, match="--conditional needs labelled images") as caught:
        trainer_on(few, OPTIONS)
    assert "leave --conditional out" in caught.value.hint


def test_the_difference_is_named_on_resuming_without_labels(few, few_labels, trainer_on, run_loop):
    """A state of a conditional run is refused by a run that is not."""
    run_loop(trainer_on(few, OPTIONS, labels=few_labels, identity={"options": deciding(OPTIONS)}))
    plain = dataclasses.replace(OPTIONS, conditional=False)
    with pytest.raises(TrainingError, match="conditional was True and is False"):
        trainer_on(few, plain, labels=few_labels, identity={"options": deciding(plain)}).resume()
