"""The mixture that is the prior while the networks train."""

import dataclasses

import numpy as np
import pytest

from vaecli.latent.fitting import FitOptions
from vaecli.latent.posterior_fit import Posteriors, fit_posteriors
from vaecli.options import TrainOptions
from vaecli.probability.gaussian import kl_to_standard_normal, log_normal
from vaecli.runs.progress import Watcher

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(
    network="dense",
    width=32,
    epochs=4,
    mixture_epochs=2,
    latent_dim=3,
    batch_size=64,
    validation_split=0.2,
    seed=3,
)


class FitCounter(Watcher):
    """Counts the fits of the mixture."""

    count = 0

    def fitting_prior(self):
        self.count += 1


@pytest.fixture
def prior_of():
    """Makes the prior of an untrained model of 8 x 8 images, with the images; it is not fitted."""

    def prior_of(latent_dim, count, **model):
        from vaecli.probability.likelihoods import likelihood
        from vaecli.training.cluster.devices import Devices
        from vaecli.training.mixture_prior import MixturePrior
        from vaecli.training.vae import build

        images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 1), np.uint8)
        vae = build("dense", likelihood("bernoulli", **model), (8, 8, 1), latent_dim, seed=0)
        prior = MixturePrior(vae, images, np.arange(count), components=4, seed=5, devices=Devices())
        return prior, vae, images

    return prior_of


def posteriors(vae, pixels, seed):
    encoded = vae.encode({"image": (pixels / 255).astype(np.float32)})
    mean, log_var = (encoded[name].numpy() for name in ("z_mean", "z_log_var"))
    return Posteriors(mean, np.exp(0.5 * log_var), seed)


@pytest.mark.parametrize(("latent_dim", "count"), [(1, 40), (3, 90), (70, 800)])
def test_it_is_the_mixture_that_numpy_fits(prior_of, latent_dim, count):
    """Full covariances, and diagonal ones above 64 dimensions; fewer components than there is room for."""
    prior, vae, images = prior_of(latent_dim, count)
    assert not prior.is_fitted
    prior.fit(epoch=2)
    assert prior.is_fitted
    options = FitOptions(4, iterations=15, fewest=5 * latent_dim, seed=5)
    expected = fit_posteriors(posteriors(vae, images, 5 + 2), options, prune=True).mixture
    z = np.random.default_rng(1).normal(size=(50, latent_dim)).astype(np.float32)
    np.testing.assert_allclose(prior.log_prob(z), expected.log_prob(z), rtol=1e-4, atol=1e-3)


def test_a_later_fit_goes_on_with_the_mixture(prior_of):
    """It needs fewer iterations; the density of the posteriors does not fall by it."""
    prior, vae, images = prior_of(3, 90)
    prior.fit(epoch=0)
    found = posteriors(vae, images, 1)
    before = FitOptions(4, iterations=15, fewest=15, seed=5)
    first = fit_posteriors(posteriors(vae, images, 5), before, prune=True).mixture
    prior.fit(epoch=1)
    after = FitOptions(4, iterations=5, fewest=15, seed=5)
    expected = fit_posteriors(posteriors(vae, images, 6), after, prune=True, before=first).mixture
    z = found.sample(0).astype(np.float32)
    np.testing.assert_allclose(prior.log_prob(z), expected.log_prob(z), rtol=1e-4, atol=1e-3)
    assert expected.log_prob(z).mean() > first.log_prob(z).mean() - 0.1


def test_of_binary_pixels_it_is_fitted_to_binary_images(prior_of):
    """They are those that an evaluation draws."""
    prior, vae, images = prior_of(2, 60, binarised=True)
    prior.fit(epoch=0)
    binary = 255 * np.random.RandomState(777).binomial(1, images / 255)
    options = FitOptions(4, iterations=15, fewest=10, seed=5)
    expected = fit_posteriors(posteriors(vae, binary, 5), options, prune=True).mixture
    z = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    np.testing.assert_allclose(prior.log_prob(z), expected.log_prob(z), rtol=1e-4, atol=1e-3)


def test_the_estimate_of_the_kl_and_its_gradient(prior_of):
    """For N(0, I) as the mixture, their means over many samples have the closed form."""
    import tensorflow as tf

    prior, _, _ = prior_of(2, 40)
    for variable, one in zip(prior.variables, (1.0, np.zeros(2), np.eye(2)), strict=True):
        variable.assign(np.concatenate([[one], np.zeros((3, *np.shape(one)))]))
    prior.refresh()
    mean, log_var = tf.constant([[0.5, -1.0]]), tf.constant([[-1.0, 0.3]])
    noise = tf.constant(np.random.default_rng(2).normal(size=(40_000, 2)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([mean, log_var])
        z = mean + tf.exp(0.5 * log_var) * noise
        estimates = prior.kl(z, tf.repeat(mean, len(noise), 0), tf.repeat(log_var, len(noise), 0))
        estimate = tf.reduce_mean(estimates)
    assert float(estimate) == pytest.approx(
        kl_to_standard_normal(mean.numpy(), log_var.numpy(), np).sum(), abs=0.02
    )
    of_mean, of_log_var = tape.gradient(estimate, [mean, log_var])
    np.testing.assert_allclose(of_mean, mean.numpy(), atol=0.02)
    np.testing.assert_allclose(of_log_var, 0.5 * (np.exp(log_var.numpy()) - 1), atol=0.02)


def test_losses_of_the_last_epochs_are_those_under_the_mixture(few, trainer_on, run_loop):
    """The KL of the validation images is that of their samples under the mixture; before, that to N(0, I)."""
    trainer = trainer_on(few, OPTIONS)
    seen, watch = set(), FitCounter()
    run_loop(trainer, watch, stop=lambda: seen.add((trainer.state.epoch, trainer.has_mixture)))
    assert watch.count == 2 and seen == {(0, False), (1, False), (2, True), (3, True)}
    row, indices = trainer.state.history[-1], trainer.validation.indices
    measured = trainer.validation.measure(with_mixture=True)
    assert measured.kl == pytest.approx(row["val_kl"], rel=1e-5)
    found = posteriors(trainer.vae, few[indices], 0)
    z = (found.mean + found.deviation * trainer.validation.noise).astype(np.float32)
    log_q = log_normal(z, found.mean, 2 * np.log(found.deviation), np).sum(axis=1)
    expected = log_q - trainer._mixture.log_prob(z).numpy()
    assert measured.kl == pytest.approx(expected.mean(), rel=1e-4)
    plain = trainer.validation.measure()
    assert plain.kl == pytest.approx(plain.kl_of_dimensions.sum(axis=1).mean(), rel=1e-6)
    assert plain.kl > measured.kl + 0.02


@pytest.mark.parametrize("stopped_at", [(2, 0), (2, 2), (3, 1)])
def test_a_resumed_run_has_the_same_mixture(few, trainer_on, run_loop, stopped_at):
    """Stopped before, after or between two fits, a run ends with the same weights to the bit."""
    whole = trainer_on(few, OPTIONS)
    run_loop(whole)
    expected = [variable.numpy() for variable in whole.steps.variables]
    halved = trainer_on(few, OPTIONS)
    run_loop(halved, stop=lambda: "now" if (halved.state.epoch, halved.state.batch) >= stopped_at else None)
    resumed = trainer_on(few, OPTIONS)
    resumed.resume()
    assert (resumed.state.epoch, resumed.state.batch) >= stopped_at
    run_loop(resumed)
    for variable, value in zip(resumed.steps.variables, expected, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_an_extended_run_keeps_its_mixture(few, trainer_on, run_loop):
    """With N(0, I) again its losses would rise, and patience run out."""
    run_loop(trainer_on(few, OPTIONS))
    longer = trainer_on(few, dataclasses.replace(OPTIONS, epochs=8))
    assert not longer.has_mixture
    longer.resume()
    assert longer.state.epoch == 4 and longer.has_mixture and longer.fits_prior_next


def test_a_run_that_is_shortened_within_an_epoch_ends_it_as_it_began(few, trainer_on, run_loop):
    """The mixture epochs would have begun before; no epoch has a mixture that was never fitted."""
    longer = trainer_on(few, dataclasses.replace(OPTIONS, epochs=8))
    run_loop(longer, stop=lambda: "now" if (longer.state.epoch, longer.state.batch) >= (2, 1) else None)
    shorter = trainer_on(few, OPTIONS)
    shorter.resume()
    assert shorter.state.epoch == 2 and shorter.state.batch and not shorter.has_mixture
    seen = set()
    run_loop(shorter, stop=lambda: seen.add((shorter.state.epoch, shorter.has_mixture)))
    assert seen == {(2, False), (3, True)}


class Unbeaten(Watcher):
    """Makes the loss of an epoch one that no later epoch has, in the history and as the best one if it is that."""

    def __init__(self, trainer, epoch):
        self.trainer, self.epoch = trainer, epoch

    def epoch_ended(self, epoch):
        state = self.trainer.state
        if state.epoch == self.epoch:
            state.history[-1]["val_loss"] = 0.0
            if state.best_epoch == state.epoch:
                state.best_loss = 0.0


def test_patience_waits_for_the_mixture(few, trainer_on, run_loop):
    """It counts from the first epoch with it: losses with another prior do not compare."""
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, epochs=6, mixture_epochs=3, patience=1))
    trainer.state.best_loss = 0.0  # no epoch is better
    reason = run_loop(trainer, Unbeaten(trainer, 4))
    assert trainer.state.mixture_since == 4
    assert len(trainer.state.history) == 5 and "--patience" in reason


def test_patience_compares_epochs_with_a_mixture_with_each_other(few, trainer_on, run_loop):
    """While they fall the run goes on, also above the lowest loss under N(0, I), whose weights are kept."""
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, epochs=6, mixture_epochs=4, patience=1))
    reason = run_loop(trainer, Unbeaten(trainer, 1))
    losses = [row["val_loss"] for row in trainer.state.history]
    assert losses[2:] == sorted(losses[2:], reverse=True) and trainer.state.best_epoch == 1
    expected = (
        "all 6 epochs are done; the weights of epoch 1 are kept, whose prior was N(0, I): no epoch with"
    )
    assert reason.startswith(expected)


def test_samples_are_of_the_mixture(prior_of):
    """Once it is fitted: those that a decoder file with this mixture would draw, and not those of N(0, I)."""
    from vaecli.latent import draws
    from vaecli.latent.priors import MixturePrior
    from vaecli.training.previews import Previews

    prior, vae, images = prior_of(3, 400)
    previews = Previews(vae, images, np.arange(9), seed=7, mixture=prior)
    before = previews.samples(5)
    np.testing.assert_array_equal(before, Previews(vae, images, np.arange(9), seed=7).samples(5))
    prior.fit(epoch=0)
    rows = draws.rows(0, 5, 3, seed=7)
    z = MixturePrior(prior._mixture).sample(*rows)
    assert np.abs(z - rows.normals).max() > 0.1
    outputs = {name: value.numpy() for name, value in vae.decode({"z": z}).items()}
    np.testing.assert_allclose(previews.samples(5), vae.likelihood.mean(outputs, np), atol=1e-6)


@pytest.mark.parametrize("latent_dim", [3, 70])
def test_posteriors_that_are_not_finite_have_no_mixture(prior_of, latent_dim):
    """The fit says so and leaves the mixture, so that training can return to its last saved state."""
    prior, vae, _ = prior_of(latent_dim, 400)
    prior.fit(epoch=0)
    before = [variable.numpy() for variable in prior.variables]
    bias = vae.encoder.get_layer("z_mean").bias
    bias.assign(np.full(bias.shape, np.nan, np.float32))
    assert not prior.fit(epoch=1)
    for variable, value in zip(prior.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_the_run_returns_to_its_saved_state(few, trainer_on, run_loop, monkeypatch):
    """A fit that fails is one more reason for a rollback with half the learning rate."""
    trainer, notes = trainer_on(few, OPTIONS), []
    fit, failures = trainer.fit_prior, [False]
    monkeypatch.setattr(trainer, "fit_prior", lambda: failures.pop() if failures else fit())
    watch = FitCounter()
    monkeypatch.setattr(watch, "note", notes.append)
    assert "all 4 epochs" in run_loop(trainer, watch)
    assert trainer.state.rollbacks == 1 and "posterior is NaN or infinite before epoch 3" in notes[0]


def test_without_mixture_epochs_nothing_is_kept(few, trainer_on):
    """Saved states of runs without them have no other variables than before."""
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, mixture_epochs=0))
    assert not trainer.has_mixture and not trainer.fits_prior_next
    assert len(trainer.steps.variables) == len(trainer.vae.variables) + len(trainer.steps.optimizer.variables)
