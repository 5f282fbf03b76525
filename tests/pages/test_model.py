"""What the page computes beside pictures: nats, scores, paths, directions and the latent space, as Python does."""

import base64
import json

import numpy as np
import pytest

from vaecli.choices import LIKELIHOODS
from vaecli.data.named.bundled import load_mini
from vaecli.latent import even, paths
from vaecli.latent.directions import moved, nearest_class
from vaecli.metrics.score import measured
from vaecli.modelfile.find import read_all
from vaecli.probability.likelihoods import likelihood
from vaecli.runtime.model import Model
from vaecli.tasks.latent_space import latent_space

OPEN = """(async () => {
    const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const model = await Model.open(bytes(argument.decoder), bytes(argument.encoder));
    return RESULT;
})()"""


@pytest.fixture
def ask_model(modules):
    """Opens a model folder in the browser and returns the value of an expression with `model` and `argument`."""

    def ask_model(folder, expression, **argument):
        contents = {file.info.part: base64.b64encode(file.content).decode() for file in read_all(folder)[:2]}
        return modules({"model/model.js": ["Model"]}, OPEN.replace("RESULT", expression), contents | argument)

    return ask_model


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_likelihoods(modules, name):
    """The nats of each pixel, black, white and grey, for all outputs, and those at another mean."""
    rng, known = np.random.default_rng(3), likelihood(name)
    x = np.concatenate([[0.0, 1.0, 0.5, 1 / 255, 254 / 255], np.rint(rng.random(200) * 255) / 255]).astype(
        np.float32
    )
    outputs = {output: rng.normal(scale=2, size=x.shape).astype(np.float32) for output in known.outputs}
    outputs["image"] = known.mean(outputs, np).astype(np.float32)
    mean = rng.random(x.shape).astype(np.float32)
    expression = """(() => {
        const known = likelihoodOf(argument.table, argument.outputs);
        return argument.x.map((x, i) => [known.log(x, i), known.at(x, argument.mean[i], i), known.at(x, x, i)]);
    })()"""
    argument = {
        "table": {"name": name, "parameters": known.parameters},
        "outputs": {output: values.tolist() for output, values in outputs.items()},
        "x": x.tolist(),
        "mean": mean.tolist(),
    }
    actual = np.array(modules({"model/likelihoods.js": ["likelihoodOf"]}, expression, argument))
    expected = [
        known.log_prob(x, outputs, np),
        known.log_prob_at(x, mean, outputs, np),
        known.log_prob_at(x, x, outputs, np),
    ]
    np.testing.assert_allclose(actual, np.stack(expected, axis=1), rtol=2e-4, atol=2e-4)


def test_scores(ask_model, scored_folder):
    """ELBO and percentile of images that the model knows, and of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    images = np.concatenate([load_mini("test").images[:6], noise, np.zeros_like(noise[:1])])
    model = Model.open(scored_folder)
    floats = images.astype(np.float32) / 255
    posterior = model.encode(images)
    expected = measured(model.likelihood, floats, posterior, model.outputs(posterior[0]))
    expression = """argument.images.map((pixels) => {
        const { logLikelihood, kl, excess, unexplained, percentile } = model.encode(Uint8Array.from(pixels));
        return [logLikelihood - kl, kl, excess, unexplained, percentile];
    })"""
    actual = np.array(ask_model(scored_folder, expression, images=images.reshape(9, -1).tolist()))
    columns = [-expected.neg_elbo, expected.kl, expected.excess, expected.unexplained]
    np.testing.assert_allclose(actual[:, :4], np.stack(columns, axis=1), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(actual[:, 4], model.score(images).percentile, atol=0.05)
    assert actual[6:8, 4].min() > 99


def test_the_latent_space(ask_model, measured_folder):
    """Mean, deviation, order and use of the dimensions are those of `vaecli traverse`."""
    expression = (
        "({ mean: [...model.space.mean], deviation: [...model.space.deviation], used: model.space.used })"
    )
    space, actual = latent_space(Model.open(measured_folder)), ask_model(measured_folder, expression)
    np.testing.assert_allclose(actual["mean"], space.mean, rtol=1e-12)
    np.testing.assert_allclose(actual["deviation"], space.deviation, rtol=1e-9)
    assert actual["used"] == space.used().tolist()


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_paths(modules, kind):
    """Straight and spherical paths, between points that are far apart, equal, opposite, and at the origin."""
    rng = np.random.default_rng(2)
    points = [*rng.normal(size=(3, 5)), np.zeros(5), np.ones(5), np.ones(5), -np.ones(5)]
    points = np.array(points, np.float32)
    expression = "through(argument.map((point) => Float32Array.from(point)), 7, KIND).map((z) => [...z])"
    actual = modules({"model/paths.js": ["through"]}, expression.replace("KIND", repr(kind)), points.tolist())
    np.testing.assert_allclose(actual, paths.through(points, 7, kind), rtol=1e-5, atol=1e-6)


def test_even_paths(ask_model, model_folder):
    """Neighbouring pictures of an even path differ equally, as those of `vaecli interpolate --path even`."""
    model, points = Model.open(model_folder), np.array([[2, -1], [-1, 1.5], [0.5, 2]], np.float32)
    expression = """(async () => {
        const { even } = await import('/model/paths.js');
        const steps = even(argument.points.map((point) => Float32Array.from(point)), 15, (z) => model.decode(z));
        for (;;) { const { done, value } = steps.next(); if (done) return value.map((z) => [...z]); }
    })()"""
    z = np.array(ask_model(model_folder, f"await {expression}", points=points.tolist()), np.float32)
    assert len(z) == 29
    np.testing.assert_array_equal(z[[0, 14, 28]], points)
    for leg in (z[:15], z[14:]):
        assert even.evenness(even.distances(leg, model.decode)) <= even.BOUND


def test_directions(modules, measured_folder):
    """Moving toward a class from the nearest other one, as `vaecli edit` does."""
    facts = Model.open(measured_folder).facts
    z = np.array([0.3, -0.7], np.float32)
    start = nearest_class(z, facts.class_means, facts.class_counts, 4)
    expected = moved(z, facts.class_means[start], facts.class_means[4], [-0.5, 0, 0.4, 1])
    expression = """(() => {
        const z = Float32Array.from(argument.z), start = nearestClass(z, argument.facts, 4);
        const row = (k) => argument.facts.class_means.data.slice(2 * k, 2 * k + 2);
        return [start, argument.amounts.map((amount) => [...moved(z, row(start), row(4), amount)])];
    })()"""
    arrays = {
        name: {"shape": array.shape, "data": array.ravel().tolist()}
        for name, array in (("class_means", facts.class_means), ("class_counts", facts.class_counts))
    }
    argument = {"z": z.tolist(), "facts": arrays, "amounts": [-0.5, 0, 0.4, 1]}
    nearest, actual = modules({"model/directions.js": ["moved", "nearestClass"]}, expression, argument)
    assert nearest == start
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)


def test_the_priors_density(modules, mixed_folder):
    """The density of two dimensions is that of the model's own mixture; it integrates to 1."""
    expression = """(() => {
        const priors = new Priors(argument.info, argument.text), mixture = priors.densityOf([0, 1]);
        const ticks = Array.from({ length: 121 }, (_, i) => -6 + i / 10);
        return ticks.flatMap((x) => ticks.map((y) => logDensity(mixture, [x, y])));
    })()"""
    file = read_all(mixed_folder)[0]
    info = json.loads(file.metadata["vaecli.info"])
    imports = {"model/priors.js": ["Priors"], "model/mixtures.js": ["logDensity"]}
    actual = np.array(modules(imports, expression, {"info": info, "text": file.metadata["vaecli.prior"]}))
    ticks = np.linspace(-6, 6, 121)
    z = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(actual, Model.open(mixed_folder).prior.log_prob(z), rtol=1e-5, atol=1e-5)
    assert np.exp(actual).sum() * 0.01 == pytest.approx(1, abs=0.02)
