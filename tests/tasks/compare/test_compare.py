"""Two verdicts, kept apart; refusals that name the difference."""

import dataclasses

import numpy as np
import pytest

from vaecli.errors import DataError, OptionError
from vaecli.metrics.saved import file
from vaecli.tasks.compare.compare import compare
from vaecli.tasks.compare.result import Value
from vaecli.tasks.compare.words import conditions_lines, left_out_lines, values_table

NATS = {"metrics": ["elbo"]}
VALUES = {"per_image": {"elbo": np.linspace(-260, -240, 200), "mse": np.ones(200)}}


def test_files_are_compared_image_by_image(save):
    """A shift that the spread of images hides is seen, with its interval; the better direction is named."""
    result = compare([save("a"), save("b", 0.6), save("c")])
    b, c = result.of_files.differences
    assert (b.label, b.baseline, b.over, b.counts) == ("b.npz", "a.npz", "images", (200,))
    assert b.interval.low < 0.6 < b.interval.high and b.outcome == "better"
    assert c.interval.low < 0 < c.interval.high and c.outcome == "not shown"
    assert b.interval.level == pytest.approx(0.975)
    errors = [row.values["elbo"].error for row in result.files]
    assert min(errors) > 20 * b.interval.error


def test_the_sign_follows_the_metric(save):
    """A higher mean squared error is worse."""
    first, second = save("a"), save("b")
    worse = {"elbo": np.zeros(200), "mse": np.full(200, 9.0)}
    result = compare([first, second, save("c", per_image=worse)], metrics=["mse"])
    assert [each.outcome for each in result.of_files.differences] == ["not shown", "worse"]


def test_different_files_of_equal_settings(runs):
    """Each file differs from the others, and the settings do not: the verdicts are kept apart."""
    shifts = [3, -2, 0.5, 2, -3, 1]
    names = runs("conv", shifts)
    result = compare([*names[:3], "vs", *names[3:]])
    assert [each.outcome != "not shown" for each in result.of_files.differences] == [True] * 5
    (settings,) = result.of_settings.differences
    assert settings.outcome == "not shown" and settings.interval.method == "welch"
    assert result.settings == {}


def test_settings_are_paired_by_seed(runs):
    """With the same seeds on both sides, in any order; what a seed does to both sides cancels."""
    conv, dense = runs("conv", [5, -5, 0, 2]), runs("dense", [6, -4, 1.2, 3])
    (settings,) = compare([*conv, *reversed(dense)]).of_settings.differences
    assert (settings.label, settings.baseline, settings.counts) == ("B", "A", (4, 4))
    assert (settings.interval.method, settings.interval.dof, settings.outcome) == ("paired", 3, "better")
    assert settings.interval.low < 1.05 < settings.interval.high


def test_settings_with_other_seeds_by_welch(runs):
    """And the result says so."""
    names = [*runs("conv", [0, 0.5, 1]), *runs("dense", [-9, -8.5, -8], seeds=[1, 2, 3])]
    result = compare(names)
    (settings,) = result.of_settings.differences
    assert (settings.interval.method, settings.outcome) == ("welch", "worse")
    assert result.settings == {"network": ["conv", "dense"]}
    means = [row.values["elbo"].value for row in result.sides]
    assert settings.interval.value == pytest.approx(means[1] - means[0])
    assert result.sides[0].values["elbo"].error == pytest.approx(0.5, abs=0.2)


def test_several_settings_share_the_level(runs):
    """Two comparisons at 97.5 % each."""
    names = [*runs("conv", [0, 1, 2]), *runs("dense", [0, 1, 2.1]), *runs("residual", [9, 10, 11])]
    differences = compare(names).of_settings.differences
    assert [each.label for each in differences] == ["B", "C"]
    assert {each.interval.level for each in differences} == {0.975}


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([0], [0], "A has 1 run; at least 3 are needed."),
        ([0, 1, 2], [0], "B has 1 run; at least 3"),
        ([0, 1], [0, 1, 2], "A has 2 runs; at least 3"),
    ],
)
def test_fewer_than_three_runs_give_no_verdict_on_settings(runs, first, second, reason):
    """Files are compared all the same."""
    result = compare([*runs("conv", first), *runs("dense", second)])
    assert result.of_settings.differences == ()
    assert any(each.startswith(reason) for each in result.of_settings.reasons)
    assert result.of_files.differences


def test_one_seed_twice_is_one_run(runs, save):
    """Runs of one seed are equal; they would make the spread look small."""
    conv = [
        *runs("conv", [0, 1]),
        save("again", 0, seed=1, model__settings={"network": "conv", "latent_dim": 2}),
    ]
    result = compare([*conv, *runs("dense", [0, 1, 2])])
    assert result.of_settings.differences == ()
    assert "A has seed 1 twice, which is one run." in result.of_settings.reasons
    means = [row.values["elbo"].value for row in result.files[:2]]
    assert (result.sides[0].runs, result.sides[0].seeds) == (2, (0, 1))
    assert result.sides[0].values["elbo"].value == pytest.approx(np.mean(means))


@pytest.mark.parametrize("seed", [0, None])
def test_two_files_of_one_model_have_no_mean(save, seed):
    """They are one run, whose spread is not known."""
    names = [save(name, model__seed=seed, **VALUES) for name in "ab"]
    (side,) = compare(names).sides
    assert (side.runs, side.seeds, side.values["elbo"].error) == (1, (seed,), None)
    assert [row[0] for row in values_table(compare(names)).rows] == ["a.npz", "b.npz"]
    other = save("c", model__seed=seed, **VALUES, model__model_id="9" * 32)
    assert compare([*names, other]).sides[0].runs == (1 if seed == 0 else 2)


def test_an_unknown_seed_gives_no_verdict_on_settings(runs, save):
    """A model file may not have one."""
    conv = [
        *runs("conv", [0, 1]),
        save("x", model__seed=None, model__settings={"network": "conv", "latent_dim": 2}),
    ]
    result = compare([*conv, *runs("dense", [0, 1, 2])])
    assert result.of_settings.reasons[0] == "The seed of a run of A is not known."


def test_mixed_settings_on_a_side_are_refused(runs):
    """The message names the two runs and the setting."""
    conv, dense = runs("conv", [0, 1, 2]), runs("dense", [0, 1, 2])
    with pytest.raises(DataError, match=r"conv-1.npz and dense-0.npz differ in network 'conv' and 'dense'"):
        compare([conv[1], dense[0], "vs", *dense[1:]])


@pytest.mark.parametrize(
    ("change", "value", "words"),
    [
        (
            "conditions__data_sha256",
            "e" * 64,
            r"data: 200 test images of toys \(dddddddddddd...\) and 200 test",
        ),
        ("conditions__likelihood", "logistic", "likelihood: bernoulli and logistic"),
        ("conditions__binarised", True, "pixels: as they are and binarised"),
        ("conditions__labelled", True, "labels: not given to the model and given to the model"),
        ("conditions__seed", 5, "noise seed: 0 and 5"),
        ("conditions__prior", "mixture", "prior: normal and mixture.*--across-priors"),
    ],
)
def test_other_conditions_are_refused_by_name(save, change, value, words):
    """For the metrics that depend on them; the hint says what can be compared."""
    first, second = save("a"), save("b", **{change: value})
    with pytest.raises(DataError, match=f"elbo of a.npz and of b.npz cannot be compared.*{words}") as refusal:
        compare([first, second])
    if "data" not in words and "pixels" not in words and "labels" not in words:
        assert "--metrics mse" in refusal.value.hint
        assert compare([first, second], metrics=["mse"]).metrics == ("mse",)


def test_a_hint_names_five_metrics_at_most(save, quality):
    """Of all that could be compared."""
    names = [save("a", quality=quality), save("b", quality=quality, conditions__seed=5)]
    with pytest.raises(DataError, match="noise seed: 0 and 5") as refusal:
        compare(names)
    assert "--metrics mse,active_units,frechet,kernel,precision." in refusal.value.hint


def test_importance_samples_matter_to_the_bound_alone(save):
    """`nll` of K = 10 and of K = 100 is not compared; the ELBO is."""
    values = np.random.default_rng(1).normal(size=(2, 200))
    per_image = {"elbo": values[0], "nll": values[1]}
    names = [
        save(name, per_image=per_image, metrics=("elbo", "nll"), conditions__importance_samples=count)
        for name, count in (("a", 10), ("b", 100))
    ]
    with pytest.raises(DataError, match="importance samples: 10 and 100"):
        compare(names)
    assert compare(names, **NATS).metrics == ("elbo",)


def test_across_priors_each_model_has_its_own(save):
    """If the user says so."""
    names = [save("a"), save("b", 5, conditions__prior="mixture")]
    result = compare(names, across_priors=True)
    assert [row.label for row in result.files] == ["a.npz, N(0, I)", "b.npz, mixture"]
    assert result.of_files.differences[0].outcome == "better"
    assert "prior" not in result.conditions["elbo"]


def test_other_versions_of_the_software_are_named(save):
    """They may be a part of the difference."""
    names = [save("a"), save("b", model__software={"vaecli": "0.2.0", "numpy": "9"})]
    assert compare(names).software == {"vaecli": ["0.1.0", "0.2.0"]}


def test_samples_are_compared_over_their_seeds(save, quality):
    """Where the features are the same."""
    better = {"samples": quality.rows["samples"] | {"frechet": (5.0, 5.4, 6.1)}}
    names = [save("a", quality=quality), save("b", quality=quality, quality__rows=quality.rows | better)]
    result = compare(names, metrics=["frechet"])
    (difference,) = result.of_files.differences
    assert (difference.over, difference.counts, difference.outcome) == ("sample seeds", (3,), "better")
    assert difference.interval.dof == 2
    names[1] = save("b", quality=quality, quality__features_sha256="0" * 64)
    with pytest.raises(DataError, match=r"features: classifier of fashion-mnist .ffffffffffff"):
        compare(names, metrics=["frechet"])
    result = compare(names)
    assert "frechet" not in result.metrics
    assert result.left_out["frechet"].startswith(
        "a.npz and b.npz differ in features: classifier of fashion-mnist (f"
    )
    (line,) = left_out_lines(result)
    assert line.startswith(
        "Left out: frechet, frechet_reconstructions, frechet_training, copies, because a.npz"
    )
    names[1] = save("b")
    assert compare(names).left_out["copies"] == "b.npz has none"


def test_reconstructions_the_floor_and_copies_stand_in_the_table(save, quality):
    """Each with its standard error; without a verdict, for there is one value of a file."""
    worse = {"reconstructions": quality.rows["reconstructions"] | {"frechet": (6.5,)}}
    names = [save("a", quality=quality), save("b", quality=quality, quality__rows=quality.rows | worse)]
    result = compare(names)
    of_samples = ("frechet", "frechet_reconstructions", "frechet_training", "copies")
    assert result.metrics == ("elbo", *of_samples, "mse")
    first, second = (row.values for row in result.files)
    assert first["frechet_reconstructions"] == Value(6.0, 0.05)
    assert second["frechet_reconstructions"].value == 6.5
    assert (first["frechet_training"], first["copies"]) == (Value(0.25, 0.01), Value(0.9, 0.01))
    reasons = compare(names, metrics=["frechet_reconstructions"]).of_files.reasons
    assert reasons == ("There is no verdict on files: frechet_reconstructions is no mean over images.",)


def test_classes_that_latents_predict_are_compared_image_by_image(save, probes):
    """With all labels; with a part of them a file has one value. The table shows the 5 nearest."""
    generator = np.random.default_rng(3)
    right = (generator.random((2, 200)) < [[0.5], [0.9]]).astype(np.float64)
    probes, elbo = dataclasses.replace(probes, n_images=200), generator.normal(size=200)
    names = [
        save(name, probes=probes, metrics=("elbo",), per_image={"elbo": elbo, "nearest": values})
        for name, values in zip("ab", right, strict=True)
    ]
    result = compare(names, metrics=["nearest"])
    (difference,) = result.of_files.differences
    assert (difference.over, difference.counts, difference.outcome) == ("images", (200,), "better")
    assert difference.interval.value == pytest.approx(float((right[1] - right[0]).mean()))
    assert compare(names).metrics == ("elbo", "nearest")
    assert "labelled images" in result.conditions["nearest"]
    reasons = compare(names, metrics=["nearest_100"]).of_files.reasons
    assert reasons == ("There is no verdict on files: nearest_100 is no mean over images.",)


def test_each_metric_has_its_conditions(save, quality):
    """Those of samples have the features with their hash, also beside a main metric that needs none."""
    result = compare([save("a", quality=quality), save("b", quality=quality)])
    assert "features" not in result.conditions["elbo"]
    for metric in ("frechet", "frechet_reconstructions", "frechet_training", "copies"):
        assert result.conditions[metric]["features"] == "classifier of fashion-mnist (ffffffffffff...)"
    lines = conditions_lines(result)
    text = "Shared by frechet, frechet_reconstructions, frechet_training, copies: features: classifier of fashion"
    assert sum(line.startswith(text) for line in lines) == 1
    assert len([line for line in lines if "features: " in line]) == 1


def test_values_that_are_not_finite_are_refused(save):
    """A mean of them would be NaN."""
    values = {"elbo": np.where(np.arange(200) < 3, np.nan, 1.0), "mse": np.ones(200)}
    names = [save("a"), save("b", per_image=values)]
    with pytest.raises(DataError, match=r"elbo of b.npz must be finite, got NaN or infinity for 3 images"):
        compare(names)
    assert compare(names, metrics=["mse"]).of_files.differences
    values["elbo"][1:] = 0
    save("b", per_image=values)
    with pytest.raises(DataError, match=r"got NaN or infinity for 1 image\."):
        compare(names)


def test_metrics_that_are_not_finite_are_left_out_unless_named(save, quality):
    """The ratio of copies is NaN where the real images hold training images; of seeds and one value it is said."""
    nan, copies = float("nan"), quality.copies
    odd = {
        "quality__copies": copies | {"ratio": nan, "ratio_error": nan},
        "quality__rows": quality.rows | {"samples": quality.rows["samples"] | {"frechet": (7.0, nan, nan)}},
    }
    names = [save("a", quality=quality), save("b", quality=quality, **odd)]
    assert compare(names).metrics == ("elbo", "frechet_reconstructions", "frechet_training", "mse")
    with pytest.raises(
        DataError, match=r"copies of b.npz must be finite, got NaN or infinity\. .*hold training"
    ):
        compare(names, metrics=["copies"])
    with pytest.raises(
        DataError, match=r"frechet of b.npz must be finite, got NaN or infinity for 2 of 3 sample"
    ):
        compare(names, metrics=["elbo", "frechet"])


def test_one_image_or_one_total_gives_no_verdict_on_files(here, make_saved, save):
    """There is no spread over images."""
    for name, seed in (("x", 0), ("y", 1)):
        file.write(here / f"{name}.npz", make_saved(1, model__seed=seed))
    assert compare(["x.npz", "y.npz"]).of_files.reasons == (
        "There is no verdict on files: one image tells no spread.",
    )
    names = [save("a"), save("b", seed=1)]
    result = compare(names, metrics=["active_units"])
    assert result.of_files.reasons == ("There is no verdict on files: active_units is no mean over images.",)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "2 to 1,000 evaluations, got 0"),
        (["a.npz"], "got 1"),
        (["a.npz", "vs"], "got 1"),
        (["vs", "a.npz", "b.npz"], "on each side of vs"),
        (["a.npz", "vs", "vs", "b.npz"], "on each side of vs"),
    ],
)
def test_too_few_names_are_a_usage_error(save, words, message):
    """Before a file is read."""
    save("a"), save("b")
    with pytest.raises(OptionError, match=message):
        compare(words)


def test_a_file_is_not_compared_with_itself(save):
    """Not by another path either."""
    name = save("a")
    with pytest.raises(DataError, match=r"a.npz and ./a.npz are the same saved evaluation"):
        compare([name, f"./{name}"])


def test_evaluations_that_are_too_large_together_are_refused(save, monkeypatch):
    """They would all be in memory; the limit is lowered to that of one of these files."""
    names = [save("a"), save("b")]
    monkeypatch.setattr("vaecli.tasks.compare.compare.MOST_BYTES", 6000)
    with pytest.raises(DataError, match=r"must take at most 0 GiB together.*--metrics elbo --save"):
        compare(names)


def test_unknown_and_missing_metrics(save):
    """Both are named, with what there is."""
    names = [save("a"), save("b")]
    with pytest.raises(OptionError, match=r"got 'elbow'. Did you mean elbo\?"):
        compare(names, metrics=["elbow"])
    first = "elbo, reconstruction, kl, kl_normal, nll and others"
    with pytest.raises(OptionError, match=rf"got 'zzz'. Choose from {first}\."):
        compare(names, metrics=["zzz"])
    with pytest.raises(DataError, match=r"a.npz has no frechet"):
        compare(names, metrics=["frechet"])
    save("c", per_image={"mse": np.ones(200)}, metrics=("mse",), totals={})
    save("d", per_image={"elbo": np.ones(200)}, metrics=("elbo",), totals={})
    with pytest.raises(DataError, match="no metric in common"):
        compare(["c.npz", "d.npz"])
