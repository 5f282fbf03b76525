"""Section: the KL of each dimension, and the latents of images in a plane."""

import numpy as np

from vaecli.pictures.plots import project_to_plane
from vaecli.report.charts.bars import bar_chart
from vaecli.report.charts.points import scatter
from vaecli.report.content import Chart, Figures, LeftOut, Section, Text
from vaecli.report.numbers import shown
from vaecli.tasks.latent_space import LEAST_NATS
from vaecli.tasks.report.encoded import Encoded
from vaecli.tasks.report.subject import Subject

EQUAL_NATS = 0.005
MOST_BARS = 64  # dimensions; further ones carry less


def latents_section(subject: Subject, encoded: Encoded) -> tuple[Section, list[LeftOut]]:
    """Return the charts of the latent space, and what is missing."""
    charts, left_out = [], []
    texts = []
    kl = subject.evaluation.per_image.get("kl_dim")
    if kl is None:
        left_out.append(LeftOut("KL of each dimension", "It is not among the --metrics: kl_dim."))
    else:
        charts.append(_kl_chart(kl.mean(axis=0)))
    charts.append(_plane(subject, encoded))
    if subject.images.labels is None:
        left_out.append(LeftOut("Classes in the latent space", f"{subject.images.name} has no labels."))
    if encoded.prior_distance is not None:
        texts.append(
            _prior_words(
                encoded.prior_distance, {"normal": "N(0, I)"}.get(subject.evaluation.prior, "a mixture")
            )
        )
    return Section("latents", "Latent space", [Figures(charts), *map(Text, texts)]), left_out


def _kl_chart(kl: np.ndarray) -> Chart:
    order = np.argsort(-kl, kind="stable")
    most = order[:MOST_BARS]
    used = int((kl >= LEAST_NATS).sum())
    words = (
        f"{used} of {len(kl)} dimensions carry at least {LEAST_NATS} nats, all together {shown(kl.sum())}."
    )
    if len(kl) > len(most):
        words += f" The chart has the {len(most)} with the most."
    description = (
        "Largest first: " + ", ".join(f"z{number} {kl[number]:.2f}" for number in most[:16]) + " nats."
    )
    svg = bar_chart(
        "KL of each dimension",
        [str(number) for number in most],
        [max(0.0, float(kl[number])) if np.isfinite(kl[number]) else 0.0 for number in most],
        x_name="latent dimension",
        y_name="nats",
        description=description,
    )
    return Chart("kl-of-dimensions", svg, f"KL of each dimension to N(0, 1). {description}", words)


def _plane(subject: Subject, encoded: Encoded) -> Chart:
    z_mean = np.where(np.isfinite(encoded.z_mean), encoded.z_mean, 0.0)
    points, title, axes = project_to_plane(z_mean)
    labels = None if subject.images.labels is None else subject.images.labels[encoded.positions]
    by_class = "" if labels is None else ", coloured by class; a number marks the median of its class"
    description = f"{len(points):,} images{by_class}."
    short = "Posterior means" if subject.model.latent_dim <= 2 else "Posterior means, two components"
    svg = scatter(
        short,
        points,
        labels,
        subject.images.class_names,
        axes=(axes[0], axes[1] or " "),
        description=description,
    )
    return Chart("latent-plane", svg, f"{title}. {description}", f"{title}. {description}")


def _prior_words(distance: float, prior: str) -> str:
    if distance < EQUAL_NATS:
        return f"The prior, {prior}, fits the latents at least as well as a Gaussian of their moments."
    return (
        f"A Gaussian with the mean and the deviation of the latents fits them better than the prior, {prior}, by "
        f"{shown(distance)} nats; 0 is best."
    )
