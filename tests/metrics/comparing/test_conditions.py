"""What evaluations must share, metric by metric."""

import pytest

from vaecli.metrics.comparing.conditions import CONDITIONS, DESCRIPTIONS, mismatches, shared
from vaecli.metrics.probes import METHODS, PROBE_METRICS
from vaecli.metrics.samples.table import AGREEMENT, COPIES, QUALITY_METRICS, SAMPLE_METRICS, row_metric
from vaecli.metrics.table import METRICS

OF_SAMPLES = {*SAMPLE_METRICS, AGREEMENT, COPIES, *(row_metric("labelled", name) for name in SAMPLE_METRICS)}
OF_RECONSTRUCTIONS, OF_TRAINING = (
    {row_metric(row, name) for name in SAMPLE_METRICS} for row in ("reconstructions", "training")
)

CHANGES = {  # change of an evaluation -> (condition, metrics that cannot be compared then)
    "conditions__data_sha256": ("e" * 64, "data", METRICS),
    "conditions__n_images": (6, "data", METRICS),
    "conditions__binarised": (True, "pixels", METRICS.keys() | OF_RECONSTRUCTIONS),
    "conditions__labelled": (True, "labels", METRICS.keys() | OF_RECONSTRUCTIONS),
    "conditions__likelihood": (
        "logistic",
        "likelihood",
        {"elbo", "reconstruction", "kl", "kl_normal", "nll", "bits_per_dim"},
    ),
    "conditions__prior": ("mixture", "prior", {"elbo", "kl", "nll", "bits_per_dim"}),
    "conditions__seed": (1, "noise seed", {"elbo", "reconstruction", "kl", "nll", "bits_per_dim"}),
    "conditions__importance_samples": (100, "importance samples", {"nll", "bits_per_dim"}),
    "quality__features_sha256": ("e" * 64, "features", QUALITY_METRICS),
    "quality__reference_sha256": ("e" * 64, "reference", QUALITY_METRICS),
    "quality__n_images": (500, "number of samples", OF_SAMPLES | OF_TRAINING),
    "quality__prior": ("normal", "prior of the samples", OF_SAMPLES),
    "quality__seeds": ((3, 4, 5), "seeds of the samples", OF_SAMPLES),
    "quality__training_sha256": ("e" * 64, "training images", OF_TRAINING | {COPIES}),
    "probes__data_sha256": ("e" * 64, "classified images", PROBE_METRICS),
    "probes__training_sha256": ("e" * 64, "labelled images", PROBE_METRICS),
    "probes__seed": (1, "seed of the labels", PROBE_METRICS.keys() - METHODS.keys()),
}


def test_every_metric_and_every_condition_has_its_line():
    """A new metric cannot be compared before it is known what its values must share."""
    assert CONDITIONS.keys() == (METRICS | QUALITY_METRICS | PROBE_METRICS).keys() - {"kl_dim"}
    assert {name for names in CONDITIONS.values() for name in names} == DESCRIPTIONS.keys()


@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_is_named_where_it_matters(make_saved, quality, probes, change):
    """For each metric that it touches, and for no other."""
    value, condition, metrics = CHANGES[change]
    first = make_saved(5, quality, probes=probes)
    second = make_saved(5, quality, probes=probes, **{change: value})
    assert mismatches("elbo", first, first) == {}
    for metric in CONDITIONS:
        expected = {condition} if metric in metrics else set()
        assert mismatches(metric, first, second).keys() == expected, metric


def test_names_of_equal_data_may_differ(make_saved):
    """The hash decides, so that a copy of the images under another name is the same data."""
    first, second = make_saved(), make_saved(conditions__data="a copy")
    assert mismatches("elbo", first, second) == {}


def test_hashes_are_compared_to_the_last_digit(make_saved):
    """Although a message shows the first ones alone."""
    second = make_saved(conditions__data_sha256="d" * 63 + "e")
    assert mismatches("mse", make_saved(), second).keys() == {"data"}


def test_seeds_hold_out_other_images_of_the_same_data(make_saved, quality, probes):
    """So the images that two runs were trained on may differ if their seeds do, and their data set does not."""
    first = make_saved(5, quality, probes=probes, model__seed=0)
    other = {"quality__training_sha256": "e" * 64, "probes__training_sha256": "e" * 64}
    second = make_saved(5, quality, probes=probes, model__seed=1, **other)
    for metric, name in ((COPIES, "training images"), ("nearest", "labelled images")):
        assert mismatches(metric, first, second) == {}
        assert shared(metric, [first, second])[name].endswith(" that each run was trained on")
        assert shared(metric, [first, first])[name].endswith("...)")
        for changes in ({"model__seed": 0}, {"model__seed": None}):
            same_seed = make_saved(5, quality, probes=probes, **other, **changes)
            assert mismatches(metric, first, same_seed).keys() == {name}
    names = {"quality__training": "others", "probes__training": "others"}
    second = make_saved(5, quality, probes=probes, model__seed=1, **other, **names)
    assert mismatches(COPIES, first, second).keys() == {"training images"}


def test_a_prior_may_count_as_a_part_of_the_model(make_saved, quality):
    """Only if the user says so; everything else must still be the same."""
    first = make_saved(5, quality)
    second = make_saved(5, quality, conditions__prior="mixture", conditions__seed=1, quality__prior="normal")
    assert mismatches("elbo", first, second, across_priors=True).keys() == {"noise seed"}
    assert mismatches("frechet", first, second, across_priors=True) == {}
