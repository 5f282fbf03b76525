"""Nearest neighbours and linear probe: by hand, ties, the penalty, subsets."""

import numpy as np
import pytest

from vaecli.errors import DataError
from vaecli.metrics import probes
from vaecli.metrics.probes import fit_pca, labelled_subset, linear_probe, nearest_neighbours, share
from vaecli.metrics.samples import distances


@pytest.fixture
def clusters(rng):
    """Three clusters in 6 dimensions far from the origin: training vectors, labels, test vectors, labels."""
    centres = rng.normal(size=(3, 6)) * 3 + 100
    labels, test_labels = np.arange(300) % 3, np.arange(120) % 3
    noise = rng.normal(size=(420, 6))
    training, test = centres[labels] + noise[:300], centres[test_labels] + noise[300:]
    return training.astype(np.float32), labels, test.astype(np.float32), test_labels


def test_neighbours_by_hand(clusters, monkeypatch):
    """The vote is that of a full sort, also in small blocks."""
    monkeypatch.setattr(distances, "BLOCK_BYTES", 4 * 300 * 7)
    training, labels, test, _ = clusters
    apart = np.linalg.norm(test[:, None].astype(float) - training[None], axis=-1)
    votes = labels[np.argsort(apart, axis=1)[:, :5]]
    counts = np.stack([(votes == name).sum(axis=1) for name in range(3)], axis=1)
    decided = np.sort(counts, axis=1)[:, -1] > np.sort(counts, axis=1)[:, -2]
    classes = nearest_neighbours(training, labels, test)
    assert (classes == counts.argmax(axis=1))[decided].all() and decided.mean() > 0.9


def test_the_nearer_neighbours_decide_a_tie():
    """Two votes against two: the class of the nearest wins, whatever its number."""
    training = np.array([[1], [3], [2], [2.5], [50]], np.float32)
    for labels in ([1, 1, 0, 0, 2], [0, 0, 1, 1, 2]):
        classes = nearest_neighbours(training, np.array(labels), np.zeros((1, 1), np.float32))
        assert classes.tolist() == [labels[0]]


def test_the_probe_finds_clusters(clusters):
    """Clusters that a line separates are found; random labels are not."""
    training, labels, test, test_labels = clusters
    assert (linear_probe(training, labels, test) == test_labels).mean() > 0.95
    shuffled = np.random.default_rng(0).permutation(labels)
    assert (linear_probe(training, shuffled, test) == test_labels).mean() < 0.6


def test_the_probe_with_more_dimensions_than_images(rng):
    """20 labelled images of 200 noisy dimensions: the penalty keeps the one that matters."""
    labels = np.arange(20) % 2
    training = rng.normal(size=(20, 200)).astype(np.float32) * 0.1
    test = rng.normal(size=(100, 200)).astype(np.float32) * 0.1
    training[:, 7] += labels
    test[:, 7] += np.arange(100) % 2
    assert (linear_probe(training, labels, test) == np.arange(100) % 2).mean() > 0.95


def test_constant_vectors_tell_nothing():
    """Equal vectors give the most frequent class, not NaN."""
    labels = np.array([0, 1, 1, 1, 1, 0, 1, 1, 1])
    classes = linear_probe(np.ones((9, 3), np.float32), labels, np.ones((2, 3), np.float32))
    assert classes.tolist() == [1, 1]


def test_pca_keeps_the_widest_directions(rng):
    """The first directions are those of the largest variance, and vectors are centred."""
    vectors = (rng.normal(size=(500, 4)) * [1, 5, 0.1, 3] + 7).astype(np.float32)
    projected = fit_pca(vectors, 2).apply(vectors)
    assert projected.std(axis=0) == pytest.approx([5, 3], rel=0.1)
    assert projected.mean(axis=0) == pytest.approx(0, abs=1e-3)


def test_subsets_have_all_classes(rng):
    """Each class has its part, as far as there are images; another seed draws others."""
    labels = np.repeat([0, 1, 2], [100, 100, 3])
    chosen = labelled_subset(labels, 30, seed=1)
    assert np.bincount(labels[chosen]).tolist() == [13, 14, 3]
    assert len(set(chosen.tolist())) == 30
    assert chosen.tolist() == labelled_subset(labels, 30, seed=1).tolist()
    assert chosen.tolist() != labelled_subset(labels, 30, seed=2).tolist()


def test_larger_classes_make_up_for_small_ones():
    """The number of images is that asked for, wherever there are so many."""
    sizes = [600, 600, 600, *[20] * 7]
    labels = np.repeat(np.arange(10), sizes)
    for count in (100, 600, 1000, 1900):
        of_classes = np.bincount(labels[labelled_subset(labels, count, seed=0)])
        assert of_classes.sum() == count and np.ptp(of_classes[:3]) <= 1
    assert of_classes[3:].tolist() == [20] * 7
    assert len(labelled_subset(labels, 5000, seed=0)) == len(labels)


def test_draws_of_balanced_classes_are_kept():
    """They are those of earlier figures: the first images of each class by the key of their place."""
    labels = np.arange(3000) % 10
    expected = [
        61,
        267,
        282,
        390,
        776,
        878,
        1014,
        1117,
        1205,
        1283,
        1393,
        1581,
        1970,
        2096,
        2148,
        2339,
        2346,
        2434,
    ]
    expected += [2472, 2495, 2553, 2889, 2979]
    assert labelled_subset(labels, 23, seed=4).tolist() == expected


def test_too_few_labelled_images(clusters):
    """Fewer than five for neighbours, or one for the probe, is refused."""
    training, labels, test, _ = clusters
    with pytest.raises(DataError, match="at least 5 labelled images, got 4"):
        nearest_neighbours(training[:4], labels[:4], test)
    with pytest.raises(DataError, match="at least 2 labelled images, got 1"):
        linear_probe(training[:1], labels[:1], test)


def test_shares_have_binomial_errors():
    """80 of 100: 0.8, and 0.04, that of 82 of 104; all and none of 100 have an error, too."""
    assert share(np.arange(100) < 80) == pytest.approx((0.8, np.sqrt(82 * 22 / 104**3)))
    assert share(np.arange(100) < 80).error == pytest.approx(0.04, rel=0.002)
    for correct in (np.ones(100, bool), np.zeros(100, bool)):
        assert share(correct) == pytest.approx((correct.mean(), np.sqrt(2 * 102 / 104**3)))


def test_progress_of_a_probe(clusters, monkeypatch):
    """Each block is reported when it is done: all test vectors, and each pass over the training vectors."""
    monkeypatch.setattr(distances, "BLOCK_BYTES", 4 * 300 * 7)
    monkeypatch.setattr(probes, "ROWS", 100)
    training, labels, test, _ = clusters
    by_nearest, by_linear = [], []
    nearest_neighbours(training, labels, test, advance=by_nearest.append)
    linear_probe(training, labels, test, advance=by_linear.append)
    assert sum(by_nearest) == len(test) and max(by_nearest) == 7
    assert by_linear == [100] * 3 * probes.PASSES
