"""Draws come from the published generator, depend on no shard or order, and are normally distributed."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaecli.errors import OptionError
from vaecli.latent.draws import SPARE_WORDS, rows, standard_normal, standard_normal_at

# Random123, tests/kat_vectors, "philox4x64 10": counter (4 words), key (2), output (4).
KNOWN_ANSWERS = [
    "0 0 0 0 0 0 16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b",
    " ".join(6 * ["ffffffffffffffff"])
    + " 87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0",
    "243f6a8885a308d3 13198a2e03707344 a4093822299f31d0 082efa98ec4e6c89 452821e638d01377 be5466cf34e90c6c "
    "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
]
MASK = 2**64 - 1
GOLDEN_WORDS = [
    213000021201967259,
    4455796210202625458,
    2055444239878205049,
    10411612076246414556,
]


def philox_block(counter, key):
    """Compute Philox4x64-10 as in the paper, with Python integers."""
    (a, b, c, d), (k, m) = counter, key
    for _ in range(10):
        left, right = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = (right >> 64) ^ b ^ k, right & MASK, (left >> 64) ^ d ^ m, left & MASK
        k, m = (k + 0x9E3779B97F4A7C15) & MASK, (m + 0xBB67AE8584CAA73B) & MASK
    return [a, b, c, d]


def words_by_hand(seed, stream, index, dim):
    """Compute the words of one row as `draws` documents them, without numpy: those used, and the spare ones."""
    used = 2 * ((dim + 1) // 2)
    blocks = (used + 4 + 3) // 4
    counters = [index * blocks + j for j in range(blocks)]
    words = [w for n in counters for w in philox_block((n & MASK, n >> 64, 0, stream), (seed, 0))]
    return words[:used], words[used : used + 4]


def row_by_hand(seed, stream, index, dim):
    """Compute one row as `draws` documents it, without numpy."""
    half = (dim + 1) // 2
    words, _ = words_by_hand(seed, stream, index, dim)
    radii = [math.sqrt(-2 * math.log(((w >> 11) + 1) / 2**53)) for w in words[:half]]
    angles = [2 * math.pi * (w >> 11) / 2**53 for w in words[half : 2 * half]]
    cosines = [r * math.cos(t) for r, t in zip(radii, angles, strict=True)]
    sines = [r * math.sin(t) for r, t in zip(radii, angles, strict=True)]
    return (cosines + sines)[:dim]


@pytest.mark.parametrize("line", KNOWN_ANSWERS)
def test_the_generator_is_the_published_one(line):
    """numpy's Philox, started one count early, and `philox_block` give Random123's known answers."""
    words = [int(word, 16) for word in line.split()]
    counter, key, expected = words[:4], words[4:6], words[6:]
    assert philox_block(counter, key) == expected
    start = sum(word << (64 * i) for i, word in enumerate(counter))
    generator = np.random.Philox(key=key[0] + (key[1] << 64), counter=(start - 1) % 2**256)
    assert generator.random_raw(4).tolist() == expected


ROWS = [  # seed, stream, index, dim
    (0, 0, 0, 16),
    (7, 0, 12, 2),
    (2**64 - 1, 3, 10**12, 5),
    (1, 2**64 - 1, 2**63 - 1, 1),
    (5, 1, 2**64 - 1, 64),
]


@pytest.mark.parametrize(("seed", "stream", "index", "dim"), ROWS)
def test_a_row_is_what_the_docstring_says(seed, stream, index, dim):
    """Rows equal an independent calculation, also for the largest seeds, streams and indices."""
    row = standard_normal(index, 1, dim, seed=seed, stream=stream)
    np.testing.assert_allclose(row[0], row_by_hand(seed, stream, index, dim), rtol=2e-7, atol=1e-12)


@pytest.mark.parametrize(("seed", "stream", "index", "dim"), ROWS)
def test_spare_words_follow_those_of_the_normals(seed, stream, index, dim):
    """The four spare words of a row are the next outputs of the generator, to the bit."""
    words = rows(index, 1, dim, seed=seed, stream=stream).words
    assert words.dtype == np.uint64 and words.shape == (1, SPARE_WORDS) == (1, 4)
    assert words[0].tolist() == words_by_hand(seed, stream, index, dim)[1]


def test_golden_words():
    """These words never change: classes and mixture components of pictures will come from them."""
    words = rows(0, 2, 4, seed=0).words
    assert words.tolist() == [words_by_hand(0, 0, index, 4)[1] for index in (0, 1)]
    assert words[0].tolist() == GOLDEN_WORDS


@given(
    first=st.integers(0, 10**12),
    cuts=st.lists(st.integers(0, 2500), max_size=4).map(sorted),
    dim=st.integers(1, 9),
)
def test_words_of_shards_are_those_of_the_series(first, cuts, dim):
    """Words and normals of row i are equal in every chunking, and the normals are those of `standard_normal`."""
    complete = rows(first, 2500, dim, seed=3)
    edges = [0, *cuts, 2500]
    pieces = [rows(first + a, b - a, dim, seed=3) for a, b in itertools.pairwise(edges)]
    assert np.concatenate([piece.words for piece in pieces]).tobytes() == complete.words.tobytes()
    assert np.concatenate([piece.normals for piece in pieces]).tobytes() == complete.normals.tobytes()
    assert standard_normal(first, 2500, dim, seed=3).tobytes() == complete.normals.tobytes()


@pytest.mark.parametrize("dim", [1, 2, 3, 16])
def test_words_are_uniform_and_independent_of_the_normals(dim):
    """As fractions the words have the moments of the uniform distribution, and no correlation (5 sigma)."""
    n = 100_000
    drawn = rows(0, n, dim, seed=1)
    uniform = (drawn.words >> np.uint64(11)) * 2.0**-53
    assert np.all(np.abs(uniform.mean(axis=0) - 1 / 2) < 5 * np.sqrt(1 / 12 / n))
    assert np.all(np.abs((uniform**2).mean(axis=0) - 1 / 3) < 5 * np.sqrt(4 / 45 / n))
    for normals in (drawn.normals, drawn.normals**2, np.abs(drawn.normals)):
        correlation = np.corrcoef(np.hstack([uniform, normals]).T) - np.eye(4 + dim)
        assert np.abs(correlation[:4]).max() < 5 / np.sqrt(n)


def test_golden_values():
    """These numbers never change: users refer to pictures by seed and index."""
    expected = [
        [1.2227429151535034, -0.5572797656059265, -1.8393217325210571, 0.021771809086203575],
        [1.1078064441680908, 1.594839334487915, -0.38673436641693115, -0.1399833858013153],
        [0.6986970901489258, 0.10723068565130234, -0.7921270728111267, -1.6496893167495728],
    ]
    np.testing.assert_allclose(standard_normal(0, 3, 4, seed=0), expected, rtol=1e-6)


@given(first=st.integers(0, 10**12), count=st.integers(0, 3000), cut=st.floats(0, 1), dim=st.integers(1, 9))
def test_shards_are_parts_of_the_series(first, count, cut, dim):
    """Two shards, cut anywhere, have the bytes of the whole series."""
    middle = int(cut * count)
    complete = standard_normal(first, count, dim, seed=3)
    left = standard_normal(first, middle, dim, seed=3)
    right = standard_normal(first + middle, count - middle, dim, seed=3)
    assert complete.tobytes() == left.tobytes() + right.tobytes()


@given(indices=st.lists(st.one_of(st.integers(0, 12), st.integers(0, 10**12)), max_size=30))
def test_scattered_rows_are_the_same_rows(indices):
    """Any indices, unsorted, repeated or far apart, give the rows of the series."""
    scattered = standard_normal_at(indices, 3, seed=11, stream=2)
    assert scattered.shape == (len(indices), 3)
    for index, row in zip(indices, scattered, strict=True):
        assert np.array_equal(row, standard_normal(index, 1, 3, seed=11, stream=2)[0])


def test_moments_and_independence():
    """The first four moments and the correlations of 200,000 rows are those of N(0, I) (5 sigma)."""
    z = standard_normal(0, 200_000, 8, seed=1).astype(np.float64)
    n = len(z)
    assert np.all(np.abs(z.mean(axis=0)) < 5 / np.sqrt(n))
    assert np.all(np.abs((z**2).mean(axis=0) - 1) < 5 * np.sqrt(2 / n))
    assert np.all(np.abs((z**3).mean(axis=0)) < 5 * np.sqrt(15 / n))
    assert np.all(np.abs((z**4).mean(axis=0) - 3) < 5 * np.sqrt(96 / n))
    correlation = np.corrcoef(z.T) - np.eye(8)
    assert np.abs(correlation).max() < 5 / np.sqrt(n)
    squares = np.corrcoef((z**2).T) - np.eye(8)
    assert np.abs(squares).max() < 5 / np.sqrt(n)


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_distribution_is_normal(dim):
    """The Kolmogorov-Smirnov distance of 100,000 values from N(0, 1) is below the quantile of 1e-6."""
    values = np.sort(standard_normal(0, 100_000 // dim, dim, seed=4).ravel().astype(np.float64))
    cdf = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in values])
    steps = np.arange(len(values) + 1) / len(values)
    distance = max(np.abs(cdf - steps[:-1]).max(), np.abs(cdf - steps[1:]).max())
    assert distance < math.sqrt(-0.5 * math.log(1e-6 / 2) / len(values))


def test_seeds_and_streams_differ():
    """Neighbouring seeds, streams and rows are not correlated."""
    base = standard_normal(0, 50_000, 2, seed=0).ravel()
    neighbours = [
        standard_normal(0, 50_000, 2, seed=1),
        standard_normal(0, 50_000, 2, seed=0, stream=1),
        standard_normal(1, 50_000, 2, seed=0),
    ]
    for neighbour in neighbours:
        assert abs(np.corrcoef(base, neighbour.ravel())[0, 1]) < 5 / np.sqrt(base.size)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "0", None])
def test_bad_seeds_are_refused(seed):
    """A seed must be a whole number of 64 bits; the error names the option."""
    for draw in (lambda: standard_normal(0, 1, 2, seed=seed), lambda: standard_normal_at([0], 2, seed=seed)):
        with pytest.raises(OptionError, match="seed") as caught:
            draw()
        assert caught.value.option == "--seed"


def test_negative_rows_are_refused():
    """Row 0 is the first: negative rows are refused."""
    with pytest.raises(OptionError, match="--first must be at least 0, got -1"):
        standard_normal(-1, 2, 2, seed=0)
    with pytest.raises(OptionError, match="index must be at least 0, got -1"):
        standard_normal_at([3, -1], 2, seed=0)
