"""The figures from which the warnings of a report follow."""

from collections.abc import Mapping

import numpy as np

from vaecli.data.images import spread
from vaecli.pixels import Pixels, to_uint8
from vaecli.report.signs import Gap, Levels, Rise, Share, Signs
from vaecli.runtime.model import Model
from vaecli.tasks.latent_space import LEAST_NATS
from vaecli.tasks.quality.result import Quality
from vaecli.tasks.report.different import LEVELS, missing
from vaecli.tasks.report.encoded import Encoded
from vaecli.tasks.report.subject import Subject, bounded

RECONSTRUCTED = 256  # images whose reconstructions are compared with each other
FEWEST_DIFFERENT = 8  # of these
LAST_EPOCHS = 3  # whose mean is the end of a run, since a single epoch scatters


def signs_of(
    subject: Subject, encoded: Encoded, samples: Pixels, gap: Gap | None, dead: dict[str, Share]
) -> Signs:
    """Return the figures of a report, as far as they were measured.

    Args:
        subject: what the report is about.
        encoded: latents of images.
        samples: (n, H, W, C) of the model.
        gap: to the training images.
        dead: units of the networks that never change.
    """
    likelihood = subject.model.likelihood
    per_image = subject.evaluation.per_image
    kl_dim = per_image.get("kl_dim")
    return Signs(
        likelihood=likelihood.name,
        binarised=likelihood.binarised,
        prior=subject.evaluation.prior,
        unused=None
        if kl_dim is None
        else Share(int((kl_dim.mean(axis=0) < LEAST_NATS).sum()), kl_dim.shape[1]),
        prior_distance=encoded.prior_distance,
        dead=dead,
        gap=gap,
        rise=_rise(subject),
        levels=_levels(subject, samples),
        spread=_spread(subject),
        not_finite=_not_finite(per_image),
        sample_ratio=_sample_ratio(subject.quality),
        copies=_copies(subject.quality),
        training=subject.model.info.training,
    )


def _not_finite(per_image: Mapping[str, np.ndarray]) -> dict[str, int]:
    counts = {
        name: int((~np.isfinite(values)).reshape(len(values), -1).any(axis=1).sum())
        for name, values in per_image.items()
    }
    return {name: count for name, count in counts.items() if count}


def _sample_ratio(quality: Quality | None) -> float | None:
    """Return the Fréchet distance of samples over that of reconstructions; None if one is not known, or 0."""
    if quality is None or "reconstructions" not in quality.rows:
        return None
    best = quality.value("reconstructions", "frechet")
    return quality.value("samples", "frechet") / best if best else None


def _copies(quality: Quality | None) -> float | None:
    """Return the ratio of copies; None if it was not measured, or is not a number."""
    copies = None if quality is None else quality.copies
    return None if copies is None or not copies.has_ratio else copies.ratio.value


def _rise(subject: Subject) -> Rise | None:
    """Return how the validation loss of the run ended; None without a run, or for fewer than 5 epochs.

    Of a run with mixture epochs only these count: losses with another prior do not compare.
    """
    history = subject.history
    if not isinstance(history, list):
        return None
    history = [row for row in history if row["epoch"] >= subject.model.info.mixture_since]
    if len(history) < LAST_EPOCHS + 2:
        return None
    losses = np.array([row["val_loss"] for row in history])
    if not np.isfinite(losses).all():
        return None
    best = int(losses.argmin())
    last = float(losses[-LAST_EPOCHS:].mean())
    return Rise(float(losses[best]), int(history[best]["epoch"]), last, int(history[-1]["epoch"]))


def _levels(subject: Subject, samples: Pixels) -> Levels:
    counts = np.zeros(256, np.int64)
    for chunk in spread(subject.images.images):
        counts += np.bincount(chunk.reshape(-1), minlength=256)
    examples = _decoded_examples(subject.model)
    pictures = samples if examples is None else examples
    shares = np.cumsum(counts) / counts.sum()
    values = np.arange(256)
    return Levels(
        darkest=int(np.searchsorted(shares, 0.001)),
        brightest=int(np.searchsorted(shares, 0.999)),
        distinct=int((counts > 0).sum()),
        mean=float((counts * values).sum() / counts.sum()),
        decoded=float(pictures.mean()) if not missing(subject, LEVELS) else None,
        are_samples=pictures is samples,
    )


def _decoded_examples(model: Model) -> Pixels | None:
    """Decode the latents of validation images that the decoder file holds; None if it has none."""
    examples = model.facts.examples
    if examples is None or not len(examples):
        return None
    return to_uint8(model.decode(examples[: bounded(RECONSTRUCTED, model.image_shape)]))


def _spread(subject: Subject) -> float | None:
    """Return the deviation of reconstructions over that of their images; None for few images, or equal ones."""
    positions = subject.evenly(bounded(RECONSTRUCTED, subject.model.image_shape))
    images = subject.pixels(positions).astype(np.float32)
    deviation = float(np.sqrt(images.var(axis=0).sum()))
    if len(positions) < FEWEST_DIFFERENT or not deviation:
        return None
    decoded = subject.reconstruct(positions).astype(np.float32)
    return float(np.sqrt(decoded.var(axis=0).sum())) / deviation
