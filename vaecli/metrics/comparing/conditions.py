"""The conditions that two evaluations must share for their values of a metric to be compared."""

from collections.abc import Callable, Mapping, Sequence

from vaecli.metrics.probes import METHODS, PROBE_METRICS
from vaecli.metrics.samples.table import AGREEMENT, COPIES, QUALITY_METRICS, SAMPLE_METRICS, row_metric
from vaecli.metrics.saved.evaluation import SampleQuality, SavedEvaluation
from vaecli.metrics.saved.latents import SavedProbes
from vaecli.metrics.table import METRICS

Described = tuple[object, str]  # what must be equal, and its words
Describe = Callable[[SavedEvaluation], Described]
SHORT = 12  # digits of a hash in a message
IMAGES = ("data", "pixels", "labels")
SAMPLES = ("features", "reference", "number of samples", "prior of the samples", "seeds of the samples")
TRAINING = "training images"
OF_ROWS = {  # what the metrics of a row share
    "labelled": SAMPLES,
    "reconstructions": ("features", "reference", "pixels", "labels"),
    "training": ("features", "reference", "number of samples", TRAINING),
}
LABELLED = ("classified images", "labelled images")
TRAINED_ON = (
    TRAINING,
    "labelled images",
)  # images of a data set, less those that the training seed holds out
DRAWS = "seed of the labels"
PRIORS = {"prior", "prior of the samples"}  # a part of the model, where a user says so

CONDITIONS: dict[str, tuple[str, ...]] = {  # metric -> what its values must share, in the order of preference
    "elbo": (*IMAGES, "likelihood", "prior", "noise seed"),
    "reconstruction": (*IMAGES, "likelihood", "noise seed"),
    "kl": (*IMAGES, "likelihood", "prior", "noise seed"),
    "kl_normal": (*IMAGES, "likelihood"),
    "nll": (*IMAGES, "likelihood", "prior", "noise seed", "importance samples"),
    "bits_per_dim": (*IMAGES, "likelihood", "prior", "noise seed", "importance samples"),
    "mse": IMAGES,
    "psnr": IMAGES,
    "ssim": IMAGES,
    "active_units": IMAGES,
} | dict.fromkeys((*SAMPLE_METRICS, AGREEMENT), SAMPLES)
CONDITIONS |= {COPIES: (*SAMPLES, TRAINING)}
CONDITIONS |= {row_metric(row, name): shared for row, shared in OF_ROWS.items() for name in SAMPLE_METRICS}

CONDITIONS |= {name: LABELLED if name in METHODS else (*LABELLED, DRAWS) for name in PROBE_METRICS}


def _images(evaluation: SavedEvaluation) -> Described:
    conditions = evaluation.conditions
    words = f"{conditions.n_images:,} {conditions.split} images of {conditions.data}"
    return _hashed(words, conditions.data_sha256, conditions.n_images)


def _hashed(words: str, sha256: str, *more: object) -> Described:
    return (sha256, *more), f"{words} ({sha256[:SHORT]}...)"


def _plain(value: Callable[[SavedEvaluation], object]) -> Describe:
    return lambda evaluation: (value(evaluation), str(value(evaluation)))


def _of_samples(describe: Callable[[SampleQuality], Described]) -> Describe:
    return lambda evaluation: describe(evaluation.quality) if evaluation.quality else (None, "none")


def _of_latents(describe: Callable[[SavedProbes], Described]) -> Describe:
    return lambda evaluation: describe(evaluation.probes) if evaluation.probes else (None, "none")


DESCRIPTIONS: Mapping[str, Describe] = {
    "data": _images,
    "pixels": _plain(lambda each: "binarised" if each.conditions.binarised else "as they are"),
    "labels": _plain(
        lambda each: "given to the model" if each.conditions.labelled else "not given to the model"
    ),
    "likelihood": _plain(lambda each: each.conditions.likelihood),
    "prior": _plain(lambda each: each.conditions.prior),
    "noise seed": _plain(lambda each: each.conditions.seed),
    "importance samples": _plain(lambda each: each.conditions.importance_samples),
    "features": _of_samples(lambda each: _hashed(each.features, each.features_sha256)),
    "reference": _of_samples(lambda each: _hashed(each.reference, each.reference_sha256)),
    TRAINING: _of_samples(lambda each: _hashed(each.training, each.training_sha256)),
    "number of samples": _of_samples(lambda each: (each.n_images, f"{each.n_images:,}")),
    "prior of the samples": _of_samples(lambda each: (each.prior, each.prior)),
    "seeds of the samples": _of_samples(lambda each: (each.seeds, ", ".join(map(str, each.seeds)))),
    "classified images": _of_latents(
        lambda each: _hashed(f"{each.n_images:,} images of {each.data}", each.data_sha256)
    ),
    "labelled images": _of_latents(
        lambda each: _hashed(f"{each.n_training:,} images of {each.training}", each.training_sha256)
    ),
    DRAWS: _of_latents(lambda each: (each.seed, str(each.seed))),
}


def has_metric(evaluation: SavedEvaluation, metric: str) -> bool:
    """Return whether an evaluation has values of a metric."""
    return len(evaluation.values_of(metric)) > 0


def mismatches(
    metric: str, first: SavedEvaluation, second: SavedEvaluation, *, across_priors: bool = False
) -> dict[str, tuple[str, str]]:
    """Return what differs of the conditions of a metric: condition -> what it is for both.

    Runs of two seeds hold out other images of one data set for validation. That is a part of the model.

    Args:
        metric: a metric that both evaluations have.
        first: an evaluation.
        second: another one.
        across_priors: whether the prior counts as a part of the model, and may differ.
    """
    pairs = {
        name: (DESCRIPTIONS[name](first), DESCRIPTIONS[name](second))
        for name in CONDITIONS[metric]
        if not (across_priors and name in PRIORS)
    }
    return {
        name: (a[1], b[1])
        for name, (a, b) in pairs.items()
        if a[0] != b[0] and not (name in TRAINED_ON and _differ_by_seed(name, first, second))
    }


def _differ_by_seed(condition: str, first: SavedEvaluation, second: SavedEvaluation) -> bool:
    """Return whether images of one data set differ because two training seeds hold out others."""
    seeds, sources = zip(
        *((each.model.seed, _source(condition, each)) for each in (first, second)), strict=True
    )
    return None not in seeds and seeds[0] != seeds[1] and sources[0] == sources[1] != ""


def _source(condition: str, evaluation: SavedEvaluation) -> str:
    """Return the data set of the images of one of TRAINED_ON; empty if they were not used."""
    used = evaluation.quality if condition == TRAINING else evaluation.probes
    return used.training if used else ""


def shared(
    metric: str, evaluations: Sequence[SavedEvaluation], *, across_priors: bool = False
) -> dict[str, str]:
    """Return what the values of a metric share that are compared: condition -> its words."""
    names = (name for name in CONDITIONS[metric] if not (across_priors and name in PRIORS))
    words = {name: {DESCRIPTIONS[name](each)[1] for each in evaluations} for name in names}
    return {
        name: DESCRIPTIONS[name](evaluations[0])[1]
        if len(texts) == 1 or name not in TRAINED_ON
        else f"those of {_source(name, evaluations[0])} that each run was trained on"
        for name, texts in words.items()
    }


def direction(metric: str) -> str:
    """Return `higher` or `lower`, the better values of a metric; empty if neither is."""
    if metric in PROBE_METRICS:
        return "higher"
    return METRICS[metric].better if metric in METRICS else QUALITY_METRICS[metric].better


def unit(metric: str) -> str:
    """Return the unit of a metric; empty for a pure number."""
    return METRICS[metric].unit if metric in METRICS else ""
