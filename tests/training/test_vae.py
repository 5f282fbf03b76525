"""The networks: shapes, sizes, and a start from which training can go on."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.training.networks.table import NETWORKS

pytestmark = pytest.mark.train


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (30, 21, 1), (5, 4, 3), (65, 9, 1)])
def test_shapes(network, shape):
    """Any height, width and channel count comes out as it went in."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    vae = build(network, likelihood("bernoulli"), shape, 3, seed=0)
    posterior = vae.encode({"image": np.zeros((2, *shape), np.float32)})
    assert posterior["z_mean"].shape == posterior["z_log_var"].shape == (2, 3)
    assert vae.decode({"z": posterior["z_mean"]})["logits"].shape == (2, *shape)


def test_classic_size():
    """The classic network with D = 2 has the 134,165 parameters that the same layers have in Keras' own example."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    vae = build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0)
    assert sum(int(np.prod(v.shape)) for v in vae.variables) == 134_165


@pytest.mark.parametrize(
    ("shape", "hidden"),
    [
        ((5, 4, 1), 16),
        ((28, 28, 1), 16),
        ((48, 36, 1), 80),
        ((32, 32, 3), 248),
        ((64, 64, 3), 256),
        ((128, 128, 3), 128),
        ((512, 512, 3), 16),
        ((1000, 1000, 3), 16),
    ],
)
def test_the_hidden_layer_grows_with_the_image(shape, hidden):
    """The width is 16 up to 28 x 28, then grows; the layer of very large images has a bounded number of weights."""
    from vaecli.training.networks.table import hidden_units, size

    assert hidden_units("classic", shape, size("classic", shape)) == hidden


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("shape", "latent_dim"), [((28, 28, 1), 2), ((30, 21, 3), 7), ((5, 4, 1), 1), ((64, 60, 3), 5)]
)
def test_weights_are_counted_without_building(network, shape, latent_dim):
    """The counts of both halves are those of the networks that are built."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.networks.table import size
    from vaecli.training.vae import build, graphs

    pixels, network_size = likelihood("bernoulli"), size(network, shape)
    vae = build(network, pixels, shape, latent_dim, seed=0)
    counts = [graph.weights() for graph in graphs(network, pixels, shape, latent_dim, size=network_size)]
    assert counts == [vae.encoder.count_params(), vae.decoder.count_params()]


@pytest.mark.parametrize("network", NETWORKS)
def test_output_shapes_are_known_without_building(network):
    """The shape that a description gives for each layer is that of the layer that is built."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.networks.table import size
    from vaecli.training.vae import build, graphs

    shape, pixels = (30, 21, 3), likelihood("bernoulli")
    vae = build(network, pixels, shape, 5, seed=0)
    halves = graphs(network, pixels, shape, 5, size=size(network, shape))
    for graph, model in zip(halves, (vae.encoder, vae.decoder), strict=True):
        for layer, before in graph.layers():
            assert model.get_layer(layer.name).output.shape[1:] == layer.output_shape(before)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("shape", [(8, 512, 3), (1024, 4, 3), (5, 800, 3)])
def test_long_pictures_cost_no_more_than_square_ones(network, shape):
    """A picture takes at most 1.7 times the multiplications, and 4 times the weights, of a square of its pixels."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.networks.table import size
    from vaecli.training.vae import graphs

    counts = []
    for each in (shape, (64, 64, 3)):
        halves = graphs(network, likelihood("bernoulli"), each, 16, size=size(network, each))
        counts.append([sum(h.multiplications() for h in halves), sum(h.weights() for h in halves)])
    assert counts[0][0] <= 1.7 * counts[1][0]
    assert counts[0][1] <= 4 * counts[1][1]


def test_multiplications():
    """The classic network takes 6.71 million multiplications an image, counted by hand.

    Encoder: 14 x 14 x 9 x 32, 7 x 7 x 9 x 32 x 64, 3136 x 16, 16 x 2 x 16. Decoder: 16 x 3136, 7 x 7 x 64 x 9 x 64,
    14 x 14 x 64 x 9 x 32, 28 x 28 x 32 x 9.
    """
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.networks.table import size
    from vaecli.training.vae import graphs

    shape = (28, 28, 1)
    halves = graphs("classic", likelihood("bernoulli"), shape, 16, size=size("classic", shape))
    assert [graph.multiplications() for graph in halves] == [
        56_448 + 903_168 + 50_176 + 512,
        50_176 + 1_806_336 + 3_612_672 + 225_792,
    ]


@pytest.mark.parametrize("network", NETWORKS)
def test_width_and_depth(network):
    """A larger width and depth give more weights; classic has one depth."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.networks.table import size
    from vaecli.training.vae import graphs

    shape, pixels = (28, 28, 1), likelihood("bernoulli")

    def weights(**given):
        halves = graphs(network, pixels, shape, 2, size=size(network, shape, **given))
        return sum(graph.weights() for graph in halves)

    assert weights(width=1) < weights(width=16) < weights(width=100)
    if network == "classic":
        with pytest.raises(OptionError, match="--depth must be left out or 2") as caught:
            size(network, shape, depth=3)
        assert caught.value.hint.endswith("a depth: --network dense, conv or residual.")
    else:
        assert weights(depth=1) < weights(depth=2) < weights(depth=4)


def test_seed_decides_the_weights():
    """The same seed gives the same weights, another one others, and no two layers share theirs."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    first, again, other = (
        build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=seed) for seed in (7, 7, 8)
    )
    weights = [[v.numpy() for v in vae.variables] for vae in (first, again, other)]
    assert all(np.array_equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    kernels = [w for w in weights[0] if w.ndim > 1 and w.std() > 0]
    others = [w for w in weights[2] if w.ndim > 1 and w.std() > 0]
    assert not any(np.array_equal(a, b) for a, b in zip(kernels, others, strict=True))
    starts = [tuple(kernel.ravel()[:3] / kernel.std()) for kernel in kernels]
    assert len(set(starts)) == len(starts)


def test_first_logits_are_the_output_bias():
    """An untrained decoder gives the data's mean at z = 0."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    vae = build("classic", likelihood("bernoulli"), (8, 8, 1), 2, seed=0, pixel_mean=1 / (1 + np.exp(1.5)))
    assert np.allclose(vae.decode({"z": np.zeros((1, 2), np.float32)})["logits"], -1.5, atol=1e-6)


def test_unknown_network():
    """A name that does not exist is a usage error."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    with pytest.raises(OptionError, match="classic"):
        build("clasic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0)


@pytest.mark.parametrize("distance", [2**30, 2**32, 2**62, 1_048_583])
def test_seeds_far_apart_share_no_layer(distance):
    """Seeds that differ by a power of two, or by 1,048,583, have different weights in every layer."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    first, second = (
        [v.numpy() for v in build("classic", likelihood("bernoulli"), (8, 8, 1), 2, seed=seed).variables]
        for seed in (5, 5 + distance)
    )
    drawn = [(a, b) for a, b in zip(first, second, strict=True) if a.ndim > 1 and a.std() > 0]
    assert len(drawn) == 8
    starts = [tuple(kernel.ravel()[:3] / kernel.std()) for pair in drawn for kernel in pair]
    assert len(set(starts)) == 16
