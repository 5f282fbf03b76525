"""Section: the figures of each class."""

from collections.abc import Mapping

from vaecli.metrics.table import METRICS
from vaecli.report.content import Align, LeftOut, Section, Table, Text
from vaecli.report.numbers import QUANTILE, with_error
from vaecli.tasks.report.subject import Subject

COLUMNS = ("elbo", "reconstruction", "kl", "mse", "ssim")  # as far as they were measured
MOST_CLASSES = 100  # rows, those with the most images


def class_section(subject: Subject) -> Section | LeftOut:
    """Return a table of the classes, or why there is none."""
    images = subject.images
    if images.labels is None:
        return LeftOut("Figures of each class", f"{images.name} has no labels.")
    evaluation = subject.evaluation
    names = [name for name in COLUMNS if name in evaluation.per_image]
    if not names:
        return LeftOut("Figures of each class", f"None of {', '.join(COLUMNS)} is among the --metrics.")
    classes = evaluation.classes or evaluation.by_class(images.labels, images.class_names)
    largest = sorted(classes, key=lambda name: -classes[name]["n_images"])[:MOST_CLASSES]
    rows = [
        (name, f"{values['n_images']:,.0f}", *(_cell(values, metric) for metric in names))
        for name, values in classes.items()
        if name in largest
    ]
    columns: list[tuple[str, Align]] = [("class", "left"), ("images", "right")]
    for name in names:
        unit = METRICS[name].unit
        columns.append((f"{name}, {unit}" if unit else name, "right"))
    caption = "Means, and 1.96 standard errors"
    blocks: list[Table | Text] = [Table(columns, rows, caption)]
    if len(classes) > len(rows):
        blocks.append(Text(f"The {len(rows)} classes with the most images, of {len(classes):,}."))
    if evaluation.classes:
        blocks.append(Text("Each image was given to the model with its label."))
    return Section("classes", "Figures of each class", blocks)


def _cell(values: Mapping[str, float], metric: str) -> str:
    error = values.get(f"{metric}_se")
    return with_error(values[metric], None if error is None else QUANTILE * error)
