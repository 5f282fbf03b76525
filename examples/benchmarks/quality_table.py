"""Measure the samples of runs under both priors, and print a table of networks as Markdown.

    python examples/benchmarks/quality_table.py runs/conv-0 runs/conv-1 runs/conv-2 runs/dense-0 --out table
    python examples/benchmarks/quality_table.py runs/quick --out table --seeds 1 --samples 500

Runs that differ in nothing but the seed are one row: means over them, and standard deviations if there are several.
`vaecli train` fits a mixture, `vaecli prior -m RUN` adds one to a run that has none.

Each run and prior is measured once: its figures go to OUT/<run>-<model>-<prior>-<samples>x<seeds>.json and are read
from there when the script runs again. `--print` prints what is there, and measures nothing. A run without a mixture
is left out of the rows of the mixture.

The first table has for each network and prior: the negative ELBO on the test images, the metrics of samples against
as many test images, the ratio of medians that tells copies, and the minutes of training by metrics.csv of the run.
The second has the Fréchet distance of reconstructions and of training images (the floor), that of the mixture over
that of N(0, I) and over that of reconstructions, and the 5-nearest-neighbour accuracy of the latents.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from vaecli.choices import PriorName
from vaecli.config import read_config
from vaecli.errors import ModelError
from vaecli.options import merge
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.quality.of_model import measure_model
from vaecli.tasks.quality.options import QualityOptions
from vaecli.tasks.quality.probes import probe
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
    copies = None if quality.copies is None else quality.copies.ratio.value
    return {"rows": rows, "seed_deviation": spreads, "copies": copies, "features": quality.features.sha256}


def measured(run: Run, model: Model, prior: PriorName, options: argparse.Namespace) -> Figures:
    """Measure a run under a prior; with the normal prior the latents, too, which no prior changes."""
    began = time.perf_counter()
    show(f"{run.path.name}, {prior}: nats")
    evaluation = evaluate(model, names=("elbo",), prior=prior)
    quality = measure_model(
        model,
        prior=prior,
        options=QualityOptions(count=options.samples, seeds=options.seeds),
        pictures=lambda what, done, total: show(f"{run.path.name}, {prior}: {what}", done, total),
    )
    latents = None
    if prior == "normal" and not options.no_probe:
        probes = probe(
            model, pictures=lambda what, done, total: show(f"{run.path.name}: {what}", done, total)
        )
        latents = [row for row in probes.rows if row.representation == "latents"][-1]  # with all labels
    return {
        "decoder": model.digests["decoder"],
        "images": evaluation.n_images,
        "nats": -evaluation.values["elbo"],
        "quality": figures_of(quality),
        "neighbours": None if latents is None else latents.nearest.value,
        "seconds": time.perf_counter() - began,
    }


def kept(run: Run, prior: PriorName, options: argparse.Namespace) -> Figures | None:
    """Return the figures of a run from their file, or measure them and write it.

    Returns:
        None for a mixture that the model does not have, and with --print where there is no file.
    """
    model = Model.open(run.path, threads=options.threads)
    try:
        model.priors.get(prior)
    except ModelError as error:
        show(f"{run.path}: {error}\n")
        return None
    count = "all" if options.samples is None else options.samples
    name = f"{run.path.resolve().name}-{model.digests['decoder'][:12]}-{prior}-{count}x{options.seeds}"
    path = options.out / f"{name}{'-no-probe' * options.no_probe}.json"
    try:
        return cast("Figures", json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        if options.print:
            return None
    figures = measured(run, model, prior, options)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    partial.replace(path)  # so that a file is there as a whole or not at all
    show(f"{path.name}: {figures['seconds']:.0f} s\n")
    return figures


def minutes(run: Run) -> float:
    """Return how long the training took, with validation."""
    return sum(row["seconds"] + row["val_seconds"] for row in read_metrics(run.metrics)) / 60


def grouped(runs: Sequence[Run]) -> list[list[Run]]:
    """Divide runs into groups that differ in nothing but the seed."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        options = merge(read_config(run.config))
        settings = {name: value for name, value in vars(options).items() if name not in NOT_SETTINGS}
        groups.setdefault(repr(sorted(settings.items())), []).append(run)
    return list(groups.values())


def title(group: Sequence[Run], groups: Sequence[Sequence[Run]]) -> str:
    """Return the name of a network, with its size and epochs where groups of one network differ."""
    options = [merge(read_config(runs[0].config)) for runs in (group, *groups)]
    own, others = options[0], [each for each in options[1:] if each.network == options[0].network]
    parts: list[str] = [own.network]
    for name in ("latent_dim", "epochs", "likelihood", "conditional", "binarize"):
        if len({getattr(each, name) for each in others}) > 1:
            parts.append(f"{name.replace('_', ' ')} {getattr(own, name)}")
    return ", ".join(parts)


def cell(values: Sequence[float], form: str) -> str:
    """Return the mean of values, and their standard deviation if there are several."""
    text = format(statistics.fmean(values), form)
    return f"{text} ± {format(statistics.stdev(values), form)}" if len(values) > 1 else text


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def samples_row(group: Sequence[Run], figures: Sequence[Figures], prior: PriorName, name: str) -> list[str]:
    """Return a row of the first table."""

    def column(value: Value, form: str) -> str:
        return cell([value(each) for each in figures], form)

    metrics = [
        column(lambda each, metric=metric: each["quality"]["rows"]["samples"][metric], ".3f")  # type: ignore[misc]
        for metric in METRICS
    ]
    copies = [each["quality"]["copies"] for each in figures if each["quality"]["copies"] is not None]
    start = [name, TITLES[prior], str(len(group)), column(lambda each: each["nats"], ".2f")]
    return [*start, *metrics, cell(copies, ".3f") if copies else "", cell([*map(minutes, group)], ".1f")]


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
    parser.add_argument("runs", type=pathlib.Path, nargs="+", metavar="RUN")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="Folder of the figures.")
    parser.add_argument("--samples", type=int, help="Samples of a seed, and test images; 10,000 by default.")
    parser.add_argument("--seeds", type=int, default=5, help="Number of seeds of the samples.")
    parser.add_argument("--threads", type=int, help="Number of threads; all by default.")
    parser.add_argument("--no-probe", action="store_true", help="Leave the latents out.")
    parser.add_argument("--print", action="store_true", help="Print what is there, measure nothing.")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    groups = grouped([Run(path) for path in options.runs])
    first: list[list[str]] = []
    second: list[list[str]] = []
    for group in groups:
        name, by_prior = title(group, groups), {}
        for prior in PRIORS:
            figures = [(run, each) for run in group if (each := kept(run, prior, options)) is not None]
            if figures:
                runs, by_prior[prior] = [run for run, _ in figures], [each for _, each in figures]
                first.append(samples_row(runs, by_prior[prior], prior, name))
        if by_prior.keys() == set(PRIORS) and len(by_prior["normal"]) == len(by_prior["mixture"]):
            second.append(ratios_row(by_prior["normal"], by_prior["mixture"], name))
    headers = ["network", "prior", "runs", "nats", *METRICS, "copies", "minutes"]
    print(table(headers, first))
    print()
    headers = ["network", "runs", "Fréchet of reconstructions", "floor", "mixture / N(0, I)"]
    print(table([*headers, "mixture / reconstructions", "5 nearest neighbours, %"], second))


if __name__ == "__main__":
    main()
