"""Measure the samples of runs under both priors, and print a table of networks as Markdown.

    python examples/benchmarks/quality_table.py runs/conv-0 runs/conv-1 runs/conv-2 runs/dense-0 --out table
    python examples/benchmarks/quality_table.py runs/quick --out quick-table --seeds 1 --samples 500
    python examples/benchmarks/quality_table.py --out table

Runs that differ in nothing but the seed are one row: means over them, and standard deviations if there are several.
The precision of the training steps may differ, too: the machine chooses it.
`vaecli train` fits a mixture, `vaecli prior -m RUN` adds one to a run that has none.

Each run and prior is measured once; its figures and settings go to
OUT/<run>-<model>-<prior>-<samples>x<seeds>.json. The tables are of all files in OUT, so that they can be made in
several sittings, and again without the runs: name no run.
A run without a mixture is left out of the rows of the mixture.

The first table has for each network and prior: the negative ELBO on the test images, the metrics of samples against
as many test images, the ratio of medians that tells copies, and the minutes of training by metrics.csv of the run;
in the last row real training images in place of samples. With one run, ± is the standard error over images.
The second has the Fréchet distance of reconstructions and of training images (the floor), that of the mixture over
that of N(0, I) and over that of reconstructions, and the 5-nearest-neighbour accuracy of the latents.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from vaecli.choices import PriorName
from vaecli.config import read_options
from vaecli.errors import ModelError
from vaecli.options import TrainOptions
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.quality.of_model import prepare_quality
from vaecli.tasks.quality.options import QualityOptions
from vaecli.tasks.quality.probes import prepare_probes
from vaecli.tasks.quality.result import Quality

Figures = dict[str, Any]
Value = Callable[[Figures], float]
PRIORS: tuple[PriorName, ...] = ("normal", "mixture")
TITLES = {"normal": "N(0, I)", "mixture": "mixture"}
METRICS = ("frechet", "precision", "recall", "density", "coverage")
NOT_SETTINGS = ("seed", "prior")  # of a run; both priors are measured whatever the run's own is


def show(what: str, done: int = 0, total: int = 0) -> None:
    """Print the progress on one line of stderr."""
    sys.stderr.write(f"\r{what} {done:,} of {total:,}\033[K" if total else f"\r{what}\033[K")
    sys.stderr.flush()


def figures_of(quality: Quality) -> Figures:
    """Return the mean of each metric over the seeds, row by row, and the ratio of copies."""
    rows = {row: {metric: quality.value(row, metric) for metric in METRICS} for row in quality.rows}
    spreads = {metric: quality.spread("samples", metric) for metric in METRICS}
    errors = {metric: quality.error("samples", metric) for metric in METRICS}
    copies = None if quality.copies is None else quality.copies.ratio.value
    used = {"features": quality.features.sha256, "features_name": quality.features.title}
    return {"rows": rows, "seed_deviation": spreads, "errors": errors, "copies": copies} | used


def measured(run: Run, model: Model, prior: PriorName, options: argparse.Namespace) -> Figures:
    """Measure a run under a prior; with the normal prior the latents, too, which no prior changes."""
    began = time.perf_counter()
    show(f"{run.path.name}, {prior}: nats")
    evaluation = evaluate(model, names=("elbo",), prior=prior)
    quality = prepare_quality(
        model,
        prior=prior,
        options=QualityOptions(count=options.samples, seeds=options.seeds),
        pictures=lambda what, done, total: show(f"{run.path.name}, {prior}: {what}", done, total),
    ).measure()
    latents = None
    if prior == "normal" and not options.no_probe:
        probes = prepare_probes(
            model, pictures=lambda what, done, total: show(f"{run.path.name}: {what}", done, total)
        ).measure()
        latents = [row for row in probes.rows if row.representation == "latents"][-1]  # with all labels
    run_options = vars(read_options(run.config))
    return {
        "prior": prior,
        "seed": run_options["seed"],
        "settings": {name: value for name, value in run_options.items() if name not in NOT_SETTINGS},
        "minutes": minutes(run),
        "decoder": model.digests["decoder"],
        "images": evaluation.n_images,
        "nats": -evaluation.values["elbo"],
        "nats_error": evaluation.values["elbo_se"],
        "quality": figures_of(quality),
        "neighbours": None if latents is None else latents.nearest.value,
        "seconds": time.perf_counter() - began,
    }


def measure(run: Run, prior: PriorName, options: argparse.Namespace) -> None:
    """Write the figures of a run under a prior, unless they are there or the model lacks the prior."""
    model = Model.open(run.path, threads=options.threads)
    try:
        model.priors.get(prior)
    except ModelError as error:
        show(f"{run.path}: {error}\n")
        return
    count = "all" if options.samples is None else options.samples
    name = f"{run.path.resolve().name}-{model.digests['decoder'][:12]}-{prior}-{count}x{options.seeds}"
    path = options.out / f"{name}{'-no-probe' * options.no_probe}.json"
    if path.exists():
        return
    figures = measured(run, model, prior, options)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)  # so that a file is there as a whole or not at all
    show(f"{path.name}: {figures['seconds']:.0f} s\n")


def read(path: pathlib.Path) -> Figures:
    """Read the figures of a run; options that are younger than the file have their defaults."""
    figures: Figures = json.loads(path.read_text(encoding="utf-8"))
    defaults = {name: value for name, value in vars(TrainOptions()).items() if name not in NOT_SETTINGS}
    return figures | {"settings": defaults | figures["settings"]}


def minutes(run: Run) -> float:
    """Return how long the training took, with validation."""
    return sum(row["seconds"] + row["val_seconds"] for row in read_metrics(run.metrics)) / 60


def grouped(figures: Sequence[Figures]) -> list[list[Figures]]:
    """Divide figures into groups of runs that differ in nothing but seed and precision, in the order of seeds."""
    groups: dict[str, list[Figures]] = {}
    for each in sorted(figures, key=lambda each: cast("int", each["seed"])):
        settings = {**each["settings"], "precision": None}
        groups.setdefault(json.dumps(settings, sort_keys=True), []).append(each)
    return list(groups.values())


def title(settings: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of a network, with its size and epochs where rows of one network differ."""
    same = [each for each in others if each["network"] == settings["network"]]
    parts: list[str] = [settings["network"]]
    for name in (
        "latent_dim",
        "epochs",
        "mixture_epochs",
        "likelihood",
        "conditional",
        "binarize",
        "augment",
    ):
        if len({each[name] for each in same}) > 1:
            parts.append(f"{name.replace('_', ' ')} {settings[name]}")
    return ", ".join(parts)


def cell(values: Sequence[float], form: str, error: float | None = None) -> str:
    """Return the mean of values, and their standard deviation if there are several, else the error of the one."""
    text = format(statistics.fmean(values), form)
    error = statistics.stdev(values) if len(values) > 1 else error
    return text if error is None else f"{text} ± {format(error, form)}"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def samples_row(figures: Sequence[Figures], prior: PriorName, name: str) -> list[str]:
    """Return a row of the first table."""

    def column(value: Value, form: str, error: float | None = None) -> str:
        return cell([value(each) for each in figures], form, error)

    errors = figures[0]["quality"].get("errors", {})
    metrics = [
        column(
            lambda each, metric=metric: each["quality"]["rows"]["samples"][metric],  # type: ignore[misc]
            ".3f",
            errors.get(metric),
        )
        for metric in METRICS
    ]
    copies = [each["quality"]["copies"] for each in figures if each["quality"]["copies"] is not None]
    start = [
        name,
        TITLES[prior],
        str(len(figures)),
        column(lambda each: each["nats"], ".2f", figures[0].get("nats_error")),
    ]
    minutes = column(lambda each: each["minutes"], ".1f")
    return [*start, *metrics, cell(copies, ".3f") if copies else "", minutes]


def real_row(figures: Sequence[Figures]) -> list[str]:
    """Return the row of real training images, the floor; they differ by the validation images of each seed."""
    rows = [each["quality"]["rows"]["training"] for each in figures if "training" in each["quality"]["rows"]]
    metrics = [cell([row[metric] for row in rows], ".3f") for metric in METRICS] if rows else []
    return ["training images", "", str(len(rows)), "", *metrics, "", ""] if rows else []


def ratios_row(normal: Sequence[Figures], mixture: Sequence[Figures], name: str) -> list[str]:
    """Return a row of the second table; a ratio is that of each run, then averaged."""

    def frechet(figures: Figures, row: str) -> float:
        return cast("float", figures["quality"]["rows"][row]["frechet"])

    pairs = list(zip(normal, mixture, strict=True))
    neighbours = [each["neighbours"] * 100 for each in normal if each["neighbours"] is not None]
    floors = [frechet(each, "training") for each in mixture if "training" in each["quality"]["rows"]]
    return [
        name,
        str(len(pairs)),
        cell([frechet(each, "reconstructions") for each in mixture], ".3f"),
        cell(floors, ".3f") if floors else "",
        cell([frechet(b, "samples") / frechet(a, "samples") for a, b in pairs], ".3f"),
        cell([frechet(b, "samples") / frechet(b, "reconstructions") for _, b in pairs], ".3f"),
        cell(neighbours, ".1f") if neighbours else "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=pathlib.Path, nargs="*", metavar="RUN")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="Folder of the figures.")
    parser.add_argument("--samples", type=int, help="Samples of a seed, and test images; 10,000 by default.")
    parser.add_argument("--seeds", type=int, default=5, help="Number of seeds of the samples.")
    parser.add_argument("--threads", type=int, help="Number of threads; all by default.")
    parser.add_argument("--no-probe", action="store_true", help="Leave the latents out.")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for run in map(Run, options.runs):
        for prior in PRIORS:
            measure(run, prior, options)
    figures = [read(path) for path in sorted(options.out.glob("*.json"))]
    groups = grouped(figures)
    first: list[list[str]] = []
    second: list[list[str]] = []
    for group in groups:
        name = title(group[0]["settings"], [each["settings"] for each in figures])
        by_prior = {prior: [each for each in group if each["prior"] == prior] for prior in PRIORS}
        first += [samples_row(by_prior[prior], prior, name) for prior in PRIORS if by_prior[prior]]
        normal, mixture = by_prior["normal"], by_prior["mixture"]
        if mixture and [each["seed"] for each in normal] == [each["seed"] for each in mixture]:
            second.append(ratios_row(normal, mixture, name))
    floor = real_row([each for each in figures if each["prior"] == "normal"])
    headers = ["network", "prior", "runs", "nats", *METRICS, "copies", "minutes"]
    print(table(headers, [*first, floor] if floor else first))
    print()
    headers = ["network", "runs", "Fréchet of reconstructions", "floor", "mixture / N(0, I)"]
    print(table([*headers, "mixture / reconstructions", "5 nearest neighbours, %"], second))
    for digest in sorted({each["quality"]["features"] for each in figures}):
        names = {
            each["quality"].get("features_name", "")
            for each in figures
            if each["quality"]["features"] == digest
        }
        print(f"\nFeatures: {max(names)} {digest[:12]}")


if __name__ == "__main__":
    main()
