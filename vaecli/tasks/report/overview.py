"""Sections: the model, its figures with intervals, its training."""

from typing import Any

import numpy as np

from vaecli.errors import VaecliError
from vaecli.metrics.table import METRICS
from vaecli.report.charts.bars import histogram
from vaecli.report.charts.lines import Curve, line_chart
from vaecli.report.content import Align, Block, Chart, Figures, LeftOut, Section, Table, Text
from vaecli.report.numbers import QUANTILE, interval, shown, with_error
from vaecli.tasks.report.subject import Subject

FEWEST_IN_HISTOGRAM = 20  # images
PANELS = {"loss": "Loss", "reconstruction": "Reconstruction", "kl": "KL"}  # columns of metrics.csv
HEADLINE = ("elbo", "nll", "bits_per_dim", "reconstruction", "kl", "mse", "ssim", "active_units")


def model_section(subject: Subject) -> Section:
    """Return what the model is, from its metadata."""
    info, likelihood = subject.model.info, subject.model.likelihood
    height, width, channels = info.image_shape
    colours = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
    pairs: dict[str, Any] = {
        "network": info.network,
        "latent dimensions": info.latent_dim,
        "images": f"{width} x {height} pixels, {colours}",
        "likelihood": likelihood.name + (", pixels made binary" if likelihood.binarised else ""),
        "prior of the file": _prior(info.prior),
        "labels": f"given to both halves, {len(info.class_names)} classes" if info.is_conditional else None,
        "trained on": _trained_on(info.data),
        "precision": info.precision,
        "options": _options(info.training),
        "made with": ", ".join(f"{name} {version}" for name, version in info.software.items()),
        "created": info.created[:19].replace("T", " "),
        "model id": info.model_id,
    }
    rows = [(name, str(value)) for name, value in pairs.items() if value not in (None, "")]
    blocks: list[Table | Text] = [Table((("", "left"), ("", "left")), rows)]
    if likelihood.note:
        blocks.append(Text(f"{likelihood.name}: {likelihood.note}."))
    return Section("model", "The model", blocks)


def _prior(prior: dict[str, Any]) -> str:
    components = prior.get("components")
    if prior["name"] == "mixture" and components:
        return f"mixture of {components} Gaussians, fitted to the latents of training images"
    return "N(0, I)" if prior["name"] == "normal" else str(prior["name"])


def _trained_on(data: dict[str, Any]) -> str:
    count = data.get("count")
    number = f"{count:,} images of " if isinstance(count, int) else ""
    return f"{number}{data.get('name', '')}, SHA-256 {str(data.get('sha256', ''))[:12]}"


def _options(training: dict[str, Any]) -> str:
    names = (
        "epochs",
        "best_epoch",
        "batch_size",
        "learning_rate",
        "beta",
        "kl_warmup",
        "free_bits",
        "mixture_epochs",
        "seed",
    )
    given = [f"{name} {training[name]}" for name in names if training.get(name) not in (None, 0.0, "")]
    return ", ".join(given)


def headline(subject: Subject) -> list[tuple[str, str, str]]:
    """Return the main figures: name, value with unit, 95 % interval."""
    values = subject.evaluation.values
    cards = []
    for name in HEADLINE:
        if name in values:
            unit = METRICS[name].unit
            error = values.get(f"{name}_se")
            value, _, spread = with_error(values[name], error and QUANTILE * error).partition(" ")
            words = f"{spread} {unit}".strip() + (" (95 %)" if error else "")
            if name == "active_units":
                words = f"of {subject.model.latent_dim} dimensions"
            cards.append((name.replace("_", " "), value, words))
    return cards


def figures_section(subject: Subject) -> Section:
    """Return all figures with intervals, and how the main one is spread over the images."""
    from vaecli import __version__  # costs 10 ms

    evaluation = subject.evaluation
    values = evaluation.values
    rows = []
    for name in evaluation.metrics:
        if name in values:
            metric = METRICS[name]
            rows.append((name, shown(values[name]), interval(values, name), metric.unit, metric.line))
    columns: list[tuple[str, Align]] = [("metric", "left"), ("mean", "right"), ("95 % interval", "right")]
    columns += [("unit", "left"), ("meaning", "left")]
    unlabelled = subject.model.info.is_conditional and not evaluation.labelled
    caption = (
        f"{evaluation.n_images:,} images of the part {evaluation.part}"
        f"{', without their labels' if unlabelled else ''}, prior of the bounds: "
        f"{_prior({'name': evaluation.prior})}{' of the class' if evaluation.has_class_priors else ''}, "
        f"seed {subject.seed}, measured by vaecli {__version__}"
    )
    blocks: list[Block] = [Table(columns, rows, caption)]
    charts = [chart for name in ("elbo", "mse") if (chart := _histogram(subject, name)) is not None]
    if charts:
        blocks.append(Figures(charts))
    blocks.append(
        Text(
            "An interval is the mean over images, plus and minus 1.96 standard errors. It covers the choice of the "
            "images alone, not that of the seed of the training."
        )
    )
    return Section("figures", "Figures", blocks)


def _histogram(subject: Subject, name: str) -> Chart | None:
    values = subject.evaluation.per_image.get(name)
    if values is None or len(values) < FEWEST_IN_HISTOGRAM or not np.isfinite(values).all():
        return None
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    unit = METRICS[name].unit
    median = f"{shown(middle)} {unit}".strip()
    description = f"Median {median}, 90 % of the images from {shown(low)} to {shown(high)}."
    svg = histogram(
        f"{name} of each image",
        values,
        x_name=f"{unit} per image" if unit else name,
        y_name="images",
        description=description,
    )
    return Chart(f"{name}-of-images", svg, f"Histogram of {name}. {description}", description)


def training_section(subject: Subject) -> Section | LeftOut:
    """Return the curves of the run."""
    part, history = "Training curves", subject.history
    if isinstance(history, VaecliError):
        return LeftOut(part, "metrics.csv in the run is damaged.")
    if not history:
        return LeftOut(
            part,
            "They are in the run, and this model is outside it. Name the run with -m.",
        )
    epochs = [row["epoch"] for row in history]
    best = min(history, key=lambda row: row["val_loss"])
    charts = []
    for key, title in PANELS.items():
        curves = [
            Curve("training", [row[key] for row in history]),
            Curve("validation", [row[f"val_{key}"] for row in history]),
        ]
        ends = [shown(curve.values[-1]) for curve in curves]
        last = f"At the end {ends[0]} for training and {ends[1]} for validation."
        svg = line_chart(
            title,
            curves,
            epochs,
            x_name="epoch",
            y_name="nats per image",
            description=last,
            mark=best["epoch"],
        )
        charts.append(Chart(f"training-{key}", svg, f"{title} over the epochs. {last}", ""))
    seconds = sum(row["seconds"] + row["val_seconds"] for row in history)
    words = (
        f"{len(history)} epochs in {_duration(seconds)}. The lowest validation loss, {shown(best['val_loss'])} "
        f"nats, is that of epoch {best['epoch']:.0f}, which the vertical line marks. The training loss of an epoch "
        "is the mean over its steps, so that it may lie above that of validation at first. Where the first epochs "
        "lie far above all others, the charts cut them off."
    )
    return Section("training", "Training", [Figures(charts), Text(words)])


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
