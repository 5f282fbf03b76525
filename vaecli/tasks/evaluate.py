"""`vaecli eval`: an exported model and a data set -> numbers."""

import dataclasses
from collections.abc import Callable, Collection

from vaecli.choices import Part, PriorName
from vaecli.metrics import evaluate as metrics
from vaecli.metrics.evaluation import Evaluation
from vaecli.metrics.table import require_metrics
from vaecli.runtime.model import Model
from vaecli.tasks.class_labels import class_labels, class_priors
from vaecli.tasks.inputs import load_for


def evaluate(
    model: Model,
    *,
    data: str | None = None,
    split: Part | None = None,
    names: Collection[str] = ("all",),
    importance_samples: int = 0,
    prior: PriorName | None = None,
    with_labels: bool = True,
    seed: int = 0,
    warn: Callable[[str], None] = lambda _message: None,
    download: Callable[[str, int, int], None] = lambda *_: None,
    pictures: Callable[[str, int, int], None] = lambda *_: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Measure a model on one part of a data set; by default a conditional model with the labels, and by class.

    Args:
        model: an opened model with its encoder.
        data: the data set, as `--data` takes it; the model's own if left out.
        split: `train`, `validation` or `test`; by default `test`, or `validation` with a note where there is none.
        names: of the metrics, or `all`.
        importance_samples: K of the importance-weighted bound; 0 leaves it out.
        prior: of the bounds, `normal` or `mixture`; the model's own if left out. With labels, `mixture` is that of
            each image's class, and N(0, I) for a class without one.
        with_labels: whether a conditional model is given the labels of the images, where they have some.
        seed: of the noise.
        warn: receives what a user should know of the data set.
        download: progress of a download: file, bytes so far, bytes in all.
        pictures: progress of reading pictures: what is done, pictures so far, pictures in all.
        progress: receives the amounts of work done and in all, in images times decoded samples per image.

    Raises:
        ModelError: the model does not have that mixture.
        OptionError: an unknown metric or prior, or a number out of its range.
        DataError: a data set that cannot be loaded or does not match the model.
    """
    require_metrics(names, importance_samples=importance_samples, likelihood=model.likelihood)
    used = model.priors.get(prior)
    images = load_for(model, data, split, warn=warn, progress=download, pictures=pictures)
    labels = class_labels(model.info, images, warn) if with_labels else None
    evaluation = metrics.evaluate(
        model,
        images.images,
        metrics=names,
        importance_samples=importance_samples,
        prior=used,
        seed=seed,
        labels=labels,
        prior_of_class=class_priors(model, labels, used.name),
        threads=model.threads,
        progress=progress,
    )
    classes = {}
    if labels is not None and images.labels is not None:
        classes = evaluation.by_class(images.labels, images.class_names)
    return dataclasses.replace(
        evaluation,
        part=images.split,
        classes=classes,
        data=images.name,
        data_sha256=images.sha256,
        seed=seed,
        importance_samples=importance_samples,
        labelled=labels is not None,
    )
