"""The tables of `vaecli eval`: the metrics of a model, of its samples and latents, and of classes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vaecli.cli import console
from vaecli.cli.probes import show_probes
from vaecli.cli.quality import show_quality

if TYPE_CHECKING:
    from vaecli.metrics.evaluation import Evaluation
    from vaecli.tasks.quality.probe_result import Probes
    from vaecli.tasks.quality.result import Quality

DURATIONS = ("seconds", "images_per_second")  # shown with one digit after the point
SHOWN_BY_CLASS = 4  # metrics, so that the table fits 80 columns
WITH_PRIOR = ("elbo", "kl", "nll", "bits_per_dim")  # metrics that depend on the prior


def show_figures(
    result: "Evaluation",
    measured: "Quality | None",
    probes: "Probes | None",
    *,
    conditional: bool,
    quiet: bool,
) -> None:
    """Print the metrics, then those of samples and of latents, then the classes."""
    _print_values(result, conditional=conditional)
    if measured:
        console.say("")
        show_quality(measured, quiet=quiet)
    if probes:
        show_probes(probes)
        if not quiet:
            console.note("± s.e.: of latents; --json has the standard errors of the other columns, too.")
    if result.classes:
        _print_classes(result.classes)


def _print_classes(classes: Mapping[str, Mapping[str, float]]) -> None:
    """Print the number of images of each class, and up to four of their means."""
    names = [name for name in next(iter(classes.values())) if not name.endswith("_se")][
        1 : 1 + SHOWN_BY_CLASS
    ]
    rows = [
        (label, f"{values['n_images']:,}", *(console.number(values[name], ",.4f") for name in names))
        for label, values in classes.items()
    ]
    columns = {"class": "left"} | dict.fromkeys(["n_images", *names], "right")
    console.say("")
    console.print_table(columns, rows, title="By class, each image with its label")


def _print_values(result: "Evaluation", *, conditional: bool) -> None:
    """Print each metric with its standard error beside it, then the prior if a metric depends on it.

    Of a conditional model the last row tells whether it was given labels.
    """
    from rich.text import Text

    from vaecli.metrics.table import METRICS

    rows, values = [], result.values
    for name, value in values.items():
        if not name.endswith("_se"):
            error = values.get(f"{name}_se")
            digits = 1 if name in DURATIONS else 4
            shown = console.number(value, "," if isinstance(value, int) else f",.{digits}f")
            metric = METRICS.get("kl_dim" if name.startswith("kl_dim_") else name)
            unit = metric.unit if metric else ""
            meaning = metric.line if metric and name in METRICS else ""
            meaning = console.seconds(result.part_seconds) if name == "seconds" else meaning
            shown_error = "" if error is None else console.number(error, ".4f")
            rows.append((name, shown, shown_error, unit, Text(meaning, "dim")))
    with_prior = [name for name in WITH_PRIOR if name in values]
    if with_prior:
        scope = "; that of each image's class" if result.has_class_priors else ""
        rows.append(("prior", result.prior, "", "", Text(f"of {', '.join(with_prior)}{scope}", "dim")))
    if conditional:
        meaning = "given to the model" if result.labelled else "not given to the model"
        rows.append(("labels", "yes" if result.labelled else "no", "", "", Text(meaning, "dim")))
    columns = {"metric": "left", "value": "right", "± s.e.": "right", "unit": "left", "meaning": "wrap"}
    console.print_table(columns, rows)
