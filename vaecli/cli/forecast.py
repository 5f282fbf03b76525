"""The output of `vaecli train --dry-run`."""

import dataclasses
from typing import TYPE_CHECKING

from vaecli import options
from vaecli.cli import console

if TYPE_CHECKING:
    from vaecli.tasks.train.dry_run import Forecast


def show_forecast(
    train_options: options.TrainOptions, *, devices: int | None, quiet: bool, as_json: bool
) -> None:
    """Make the forecast of a run, with progress on the screen, and show it."""
    from vaecli.cli.training_screen import watching
    from vaecli.tasks.train.dry_run import dry_run

    with watching(quiet=quiet or as_json, as_json=False) as watch:
        forecast = dry_run(train_options, watch, devices=devices)
    show(forecast, as_json=as_json)


def show(forecast: "Forecast", *, as_json: bool) -> None:
    """Show the layers and the figures of a run that was not made."""
    if as_json:
        document = dataclasses.asdict(forecast) | {"options": options.settings(forecast.options)}
        console.print_json("train-dry-run", document)
        return
    rows = [
        (
            layer.part,
            layer.name,
            " x ".join(map(str, layer.output_shape)),
            f"{layer.weights:,}",
            f"{layer.multiplications:,}",
        )
        for layer in forecast.layers
    ]
    columns = {
        "part": "left",
        "layer": "left",
        "output": "left",
        "weights": "right",
        "multiplications": "right",
    }
    console.print_table(columns, rows)
    console.say("")
    for name, value in _figures(forecast).items():
        console.say(f"{name:<16}{value}")


def _figures(forecast: "Forecast") -> dict[str, str]:
    epochs, seconds = forecast.options.epochs, forecast.seconds_an_epoch
    in_all, beside = epochs * seconds, ""
    if forecast.seconds_a_mixture_epoch is not None:
        in_all += forecast.options.mixture_epochs * (forecast.seconds_a_mixture_epoch - seconds)
        beside = f"; {forecast.seconds_a_mixture_epoch:,.1f} s with a mixture as prior, and its fit"
    height, width, channels = forecast.image_shape
    sizes, reduced = (
        ", ".join(f"{name}.onnx {size / 1e6:.2f} MB" for name, size in each.items())
        for each in (forecast.file_sizes, forecast.reduced_sizes)
    )
    return {
        "images": f"{forecast.n_train:,} of {height} x {width} x {channels}, {forecast.n_validation:,} held out",
        "weights": f"{forecast.weights:,}",
        "multiplications": f"{forecast.multiplications:,} an image, forward",
        "an epoch": f"{forecast.steps:,} steps, {seconds:,.1f} s with its validation{beside}",
        f"{epochs:,} epochs": f"{in_all / 60:,.1f} min at most, and the export",
        "memory": f"{forecast.memory / 1e6:,.0f} MB at the peak"
        if forecast.memory
        else "not known on this system",
        "files": sizes,
        "smaller copies": f"{reduced}, about",
        "in each decoder": f"up to {forecast.attached / 1e6:.2f} MB more: mixtures, facts, test vectors",
    }
