"""Latents are drawn from the prior in the file, from N(0, I), or from the mixture of a class."""

import dataclasses
import json

import numpy as np
import pytest

from vaecli.errors import ModelError, OptionError
from vaecli.latent.draws import rows
from vaecli.modelfile.arrays import pack
from vaecli.modelfile.prior_facts import KEY_PRIOR, PriorFacts, StoredPrior
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model


def test_the_prior_of_the_file_is_the_default(mixed_model):
    """A file that names a mixture is sampled from it; N(0, I) gives the bare normals."""
    assert mixed_model.prior.name == "mixture"
    z = mixed_model.draw(5, seed=3)
    np.testing.assert_array_equal(z, mixed_model.draw(5, seed=3, prior="mixture"))
    normals = mixed_model.draw(5, seed=3, prior="normal")
    np.testing.assert_array_equal(normals, rows(0, 5, 2, seed=3).normals)
    assert not np.array_equal(z, normals)
    np.testing.assert_array_equal(mixed_model.sample(5, seed=3), mixed_model.decode(z))


@pytest.mark.parametrize("label", [None, "boot"])
def test_latent_i_depends_on_seed_and_i_alone(mixed_model, label):
    """However many are drawn, and from whichever number."""
    complete = mixed_model.draw(2000, seed=1, label=label)
    for first in (0, 17, 1023, 1999):
        np.testing.assert_array_equal(
            mixed_model.draw(1, seed=1, first=first, label=label)[0], complete[first]
        )


def test_temperature_scales_within_a_component(mixed_model):
    """At 0 only means are left, each as often as its weight; at 1 the components' own deviations."""
    mixture = mixed_model.prior.mixture
    z = mixed_model.draw(20_000, temperature=0.0)
    means, counts = np.unique(z, axis=0, return_counts=True)
    assert len(means) == len(mixture.weights) == 6
    np.testing.assert_allclose(np.sort(counts / len(z)), np.sort(mixture.weights), atol=0.01)
    half, full = mixed_model.draw(9, temperature=0.5), mixed_model.draw(9)
    np.testing.assert_allclose(half - z[:9], 0.5 * (full - z[:9]), atol=1e-5)


def test_a_temperature_beyond_what_a_decoder_takes(mixed_model, replace_prior, tmp_path):
    """A wide component at a great temperature is refused by the name of the option."""
    facts = PriorFacts(np.ones(1), np.zeros((1, 2), np.float32), np.full((1, 2), 900.0, np.float32))
    folder = replace_prior(
        mixed_model.path.parent, tmp_path / "wide", StoredPrior({"name": "mixture"}, facts)
    )
    wide = Model.open(folder)
    assert wide.sample(2).shape[0] == 2
    with pytest.raises(OptionError, match="--temperature must be lower for this prior"):
        wide.sample(2, temperature=1e4)


def test_a_class_is_drawn_from_its_own_mixture(mixed_model):
    """Latents of a class lie where its images lie: more likely under its mixture than under that of another."""
    boots, bags = (mixed_model.draw(500, label=name) for name in ("Ankle boot", "bag"))
    of_boots, of_bags = mixed_model.priors.get(label="boot"), mixed_model.priors.get(label="Bag")
    assert (of_boots.log_prob(boots) - of_bags.log_prob(boots)).mean() > 1
    assert (of_bags.log_prob(bags) - of_boots.log_prob(bags)).mean() > 1


def test_the_prior_of_a_class_by_its_number(mixed_model):
    """It is the class' mixture, N(0, I) for a class without one, and the mixture of all images for no class."""
    priors = mixed_model.priors
    boot, coat = priors.label("boot"), priors.label("Coat")
    assert priors.of_number(boot) is priors.of_class(boot)
    assert priors.of_number(coat).name == "normal"
    assert priors.of_number(-1) is priors.get("mixture")


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"prior": "flow"}, OptionError, "--prior must be normal or mixture, got 'flow'"),
        ({"prior": 3}, OptionError, "--prior must be normal or mixture"),
        ({"label": "s"}, OptionError, "'T-shirt/top', 'Trouser', 'Dress'"),
        ({"label": "hat"}, OptionError, "--label must name a class, got 'hat'"),
        ({"label": 3}, OptionError, "--label must be a name, got 3"),
        ({"label": "boot", "prior": "normal"}, OptionError, "--prior must be mixture with --label"),
        (
            {"label": "coat"},
            ModelError,
            "no mixture of the class 'Coat', which had fewer than 10 training images",
        ),
    ],
)
def test_priors_and_labels_that_there_are_not(mixed_model, arguments, error, says):
    """Each is refused by name, with what there is."""
    with pytest.raises(error) as refusal:
        mixed_model.draw(2, **arguments)
    assert says in str(refusal.value)


def test_a_model_without_mixtures(model):
    """A file without them says how to get them; its own prior is N(0, I)."""
    assert model.prior.name == "normal"
    with pytest.raises(ModelError, match=r"has no mixture of all images.*vaecli prior -m RUN"):
        model.draw(1, prior="mixture")
    with pytest.raises(ModelError, match=r"has no mixtures of classes.*vaecli prior -m RUN"):
        model.draw(1, label="boot")


def test_a_model_without_labels(small_folder):
    """Without classes no label means anything."""
    unlabelled = Model.open(small_folder)
    if unlabelled.info.class_names:
        unlabelled.priors.class_names = ()
    with pytest.raises(OptionError, match="--label needs a model of labelled data"):
        unlabelled.draw(1, label="boot")


def forged(folder, target, replace_prior, changes, name="mixture"):
    """A copy of a model with arrays of its prior replaced."""
    facts = read_file(folder / "decoder.onnx").prior_facts()
    return replace_prior(folder, target, StoredPrior({"name": name}, dataclasses.replace(facts, **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": np.array([2.0, -1.0, 0.1, 0.1, 0.1, 0.1])},
        {"weights": np.full(6, 0.5)},
        {"scales": np.zeros((6, 3), np.float32)},
        {"scales": -np.ones((6, 3), np.float32)},
        {"means": np.zeros((6, 3), np.float32)},
        {"class_components": np.array([1, 2, 3])},
        {"class_components": np.full(10, 2**40)},
    ],
)
def test_a_forged_prior_is_refused(mixed_folder, tmp_path, replace_prior, changes):
    """Weights, factors and counts of a stranger's file are checked before anything is drawn or measured."""
    folder = forged(mixed_folder, tmp_path / "forged", replace_prior, changes)
    for use in (
        lambda model: model.sample(1),
        lambda model: model.sample(1, label="bag"),
        lambda model: model.prior,
    ):
        with pytest.raises(ModelError, match=r"The mixtures of the prior in .* do not fit"):
            use(Model.open(folder))


def test_a_named_mixture_that_is_not_there(mixed_folder, tmp_path, replace_prior):
    """A file that names a mixture and has none is never sampled from N(0, I)."""
    folder = replace_prior(mixed_folder, tmp_path / "empty", StoredPrior({"name": "mixture"}, PriorFacts()))
    with pytest.raises(ModelError, match="must be in the file, which has no mixture"):
        Model.open(folder).sample(1)


def test_nan_in_a_stored_prior(mixed_folder, tmp_path, replace_prior):
    """NaN in a factor, which no writer of ours stores, is refused, too."""
    facts = read_file(mixed_folder / "decoder.onnx").prior_facts()
    document = {name: pack(array) for name, array in facts.arrays().items()}
    document["scales"]["data"] = "AADAfw" + document["scales"]["data"][6:]

    class Forged(StoredPrior):
        def entries(self):
            return {KEY_PRIOR: json.dumps(document)}

    folder = replace_prior(mixed_folder, tmp_path / "nan", Forged({"name": "mixture"}, facts))
    with pytest.raises(ModelError, match="NaN or infinity"):
        Model.open(folder).sample(1)
