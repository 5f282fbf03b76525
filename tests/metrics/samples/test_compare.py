"""All metrics of two sets; bad features."""

import tracemalloc

import numpy as np
import pytest

from vaecli.errors import DataError
from vaecli.metrics.samples import distances
from vaecli.metrics.samples.classes import agreement, class_shares
from vaecli.metrics.samples.compare import compare
from vaecli.metrics.samples.copies import nearest, ratio_of_medians
from vaecli.metrics.samples.features import LARGEST
from vaecli.metrics.samples.frechet import frechet
from vaecli.metrics.samples.kernel import kernel_distance
from vaecli.metrics.samples.neighbours import neighbours
from vaecli.metrics.samples.table import SAMPLE_METRICS


def test_all_metrics_of_the_table(rng):
    """Each metric of the table has a value, an error and a place in the times."""
    steps = []
    result = compare(rng.normal(size=(200, 6)), rng.normal(size=(150, 6)), step=steps.append)
    assert list(result.values) == list(result.errors) == list(SAMPLE_METRICS)
    assert all(np.isfinite([*result.values.values(), *result.errors.values()]))
    assert steps == list(result.seconds) == ["frechet", "kernel", "neighbours"]
    assert result.n_images == 150


def test_a_step_is_reported_when_it_is_done(rng, monkeypatch):
    """The last step is not reported before the last metrics are measured: progress never waits at 100 %."""
    events = []

    def measured(*arguments, **options):
        events.append("measured")
        return neighbours(*arguments, **options)

    monkeypatch.setattr("vaecli.metrics.samples.compare.neighbours", measured)
    compare(*rng.normal(size=(2, 40, 4)), step=events.append)
    assert events == ["frechet", "kernel", "measured", "neighbours"]


def test_each_metric_is_that_of_its_own_function(rng):
    """Features are compared as they are; the kernel distance depends on their origin."""
    reference, images = rng.normal(size=(60, 4)) + 3, rng.normal(size=(50, 4)) + 2
    result = compare(reference, images)
    assert result.values["kernel"] == kernel_distance(reference, images).distance
    assert result.values["frechet"] == frechet(reference, images).distance
    assert result.values["density"] == neighbours(reference, images).density.mean()


def test_pairs_change_the_errors_alone(rng):
    """Images made from the reference have the values of any others, and smaller errors; there must be as many."""
    reference = rng.normal(size=(300, 6))
    images = 0.7 * reference + 0.3 * rng.normal(size=(300, 6))
    unpaired, paired = (compare(reference, images, paired=value) for value in (False, True))
    assert paired.values == unpaired.values
    for metric in ("frechet", "kernel"):
        assert paired.errors[metric] < 0.9 * unpaired.errors[metric], metric
    with pytest.raises(DataError, match="as many samples as reference images, which are 300; got 299"):
        compare(reference, images[1:], paired=True)


def test_worse_samples_are_worse_by_each_metric(rng):
    """Each metric says by its direction that noise is worse than images of the same distribution."""
    reference, good = rng.normal(size=(2, 400, 6))
    better, worse = compare(reference, good), compare(reference, 2 * rng.normal(size=(400, 6)) + 2)
    for name, metric in SAMPLE_METRICS.items():
        assert (better.values[name] > worse.values[name]) == (metric.better == "higher"), name


def test_the_largest_features_overflow_nowhere(rng):
    """Up to `LARGEST` each value and error is finite, of copies in float32 too; beyond it features are refused."""
    sets = LARGEST * rng.uniform(-1, 1, size=(2, 300, 20))
    result = compare(*sets)
    ratio = ratio_of_medians(nearest(sets[0], sets[1]), nearest(sets[0][:90] / 2, sets[1]))
    assert np.isfinite([*result.values.values(), *result.errors.values(), ratio.value, ratio.error]).all()
    with pytest.raises(DataError, match="samples must be at most 1e15 in size, got"):
        compare(sets[0], sets[1] * 2)


def test_samples_that_are_all_equal_are_measured(rng):
    """A model that gives constant pictures gets finite values, and covers nothing."""
    result = compare(rng.normal(size=(200, 6)), np.ones((150, 6)))
    assert all(np.isfinite([*result.values.values(), *result.errors.values()]))
    assert result.values["coverage"] < 0.1


def spoiled(features, value):
    features = features.copy()
    features[3, 2] = value
    return features


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:6], "more images than features, which are 6; got 6 images of the samples"),
        (lambda x: x[:1], "at least 2 images of the samples, got 1"),
        (lambda x: x[:, :5], "must have 6 features an image as the reference has, got 5"),
        (lambda x: spoiled(x, np.nan), "samples must be finite, got NaN or infinity for 1 images"),
        (lambda x: spoiled(x, np.inf), "samples must be finite, got NaN or infinity for 1 images"),
        (lambda x: x[:, :, None], "must be numbers of the shape"),
        (lambda x: x.astype(str), "must be numbers of the shape"),
    ],
)
def test_bad_samples(rng, change, message):
    """Features that cannot be compared are refused, with the number that is wrong."""
    x = rng.normal(size=(40, 6))
    with pytest.raises(DataError, match=message):
        compare(x, change(x))


def test_bad_reference(rng):
    """Reference images that are all equal tell nothing; NaN and too few are refused there, too."""
    x = rng.normal(size=(40, 6))
    with pytest.raises(DataError, match="images of the reference must differ"):
        compare(np.ones((40, 6)), x)
    with pytest.raises(DataError, match="reference must be finite"):
        compare(spoiled(x, np.nan), x)
    with pytest.raises(DataError, match="got 6 images of the reference"):
        compare(x[:6], x)


def test_class_shares():
    """Shares are those of the largest logit; the confidence is the softmax of it, also for large logits."""
    logits = np.array([[900.0, 0, 0], [0, 900, 0], [900, 0, 0], [0, 0, 0]])
    result = class_shares(logits)
    assert result.shares.tolist() == [0.75, 0.25, 0]
    assert result.confidence == pytest.approx((3 + 1 / 3) / 4)
    assert result.confidence_error == pytest.approx((2 / 3) / 4)  # one of four is 2/3 from the others
    assert agreement(logits, 1)[0] == 0.25


def test_class_shares_have_binomial_errors(rng):
    """Over many draws, the spread of shares and of the confidence is the mean of their standard error."""
    results = [class_shares(3 * rng.normal(size=(200, 3)) + [1, 0, 0]) for _ in range(400)]
    for name, error in (("shares", "errors"), ("confidence", "confidence_error")):
        spread = np.std([getattr(result, name) for result in results], axis=0)
        errors = np.mean([getattr(result, error) for result in results], axis=0)
        assert errors == pytest.approx(spread, rel=0.15), name


def test_shares_of_all_and_none_have_an_error():
    """100 images of one class: the shares are 1 and 0, and their errors those of 102 of 104."""
    logits = np.tile([1.0, 0], (100, 1))
    error = pytest.approx(np.sqrt(2 * 102 / 104**3))
    assert class_shares(logits).errors.tolist() == [error, error]
    assert agreement(logits, 0) == (1, error) and agreement(logits, 1) == (0, error)


@pytest.mark.parametrize("metric", [neighbours, kernel_distance])
def test_memory_does_not_grow_with_the_square_of_the_images(rng, monkeypatch, metric):
    """Four times the images take at most a little more than four times the memory, far less than all distances."""
    monkeypatch.setattr(distances, "BLOCK_BYTES", 2**20)
    peaks = []
    for count in (1000, 4000):
        images = rng.normal(size=(2, count, 4))
        tracemalloc.start()
        metric(*images)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 4.5 * peaks[0]
    assert peaks[1] < 4000 * 4000 * 8 / 8
