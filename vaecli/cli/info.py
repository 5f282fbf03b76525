"""`vaecli info`."""

import pathlib
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from vaecli.cli import console
from vaecli.cli.models import model_path
from vaecli.cli.parameters import JsonOption, ModelOption, complete_runs

LOSSES = {  # entry of a file's metadata -> column
    "mae_posterior": "posterior",
    "mae_prior": "prior",
    "mae_extreme": "norm 10",
    "elbo": "ELBO",
    "kl": "KL",
}


@console.usage_errors
def info(
    model: Annotated[
        pathlib.Path | None,
        typer.Argument(
            metavar="MODEL",
            help="Run, model folder, decoder.onnx, or a PNG or GIF that vaecli made.",
            show_default="the newest run",
            autocompletion=complete_runs,
        ),
    ] = None,
    model_option: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a model is: data, figures, options, files; or how a picture was made.

    A decoder.onnx alone is enough. A picture of `sample` or `interpolate` carries its recipe, and the command shows
    how to make it again.

    [dim]vaecli info[/dim]

    [dim]vaecli info decoder.onnx --json[/dim]

    [dim]vaecli info samples.png[/dim]
    """
    if model is not None and model_option is None:
        from vaecli.tasks.picture_info import names_picture

        if names_picture(model):
            _show_picture(model, as_json=as_json)
            return
    from vaecli.tasks.info import info as task

    facts = task(model_path(model, model_option))
    if as_json:
        console.print_json("info", facts)
        return
    for pairs in (_about(facts), {name: _number(value, ".6g") for name, value in facts["training"].items()}):
        console.print_pairs({name: text for name, text in pairs.items() if text})
        console.say("")
    _print_files(facts["files"])
    reduced = [file for file in facts["files"] if file["precision"] != "float32"]
    if reduced:
        _print_losses(reduced)


def _show_picture(path: pathlib.Path, *, as_json: bool) -> None:
    """Print the recipe of a picture as a table, and the command that makes it again."""
    from vaecli.tasks.picture_info import picture_info

    facts = picture_info(path)
    if as_json:
        console.print_json("picture", facts)
        return
    recipe = {
        name.replace("_", " "): ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in facts["recipe"].items()
        if value is not False and value != ""
    }
    console.print_pairs(
        {"picture": facts["file"]} | recipe | ({"found in": facts["run"]} if facts["run"] else {})
    )
    if facts["command"]:
        console.say(facts["command"])
    else:
        console.note("To make it again, the pictures that it names are needed.")


def _about(facts: Mapping[str, Any]) -> dict[str, str]:
    from vaecli.tasks.info import likelihood_in_words, photo_in_words, prior_in_words

    data, likelihood = facts["data"], facts["likelihood"]
    return {
        "name": facts["name"],
        "network": f"{facts['network']}, {facts['latent_dim']} latent dimensions",
        "images": f"{' x '.join(map(str, facts['image_shape']))}, {facts['preparation']['polarity']}",
        "a picture": photo_in_words(facts["preparation"]),
        "trained on": f"{data.get('count', '?')} images of {data['name']}",
        "classes": ", ".join(map(str, facts["class_names"])),
        "label": "taken by both halves; zeros stand for none" if "label" in facts["inputs"] else "",
        "likelihood": f"{likelihood_in_words(likelihood)}; {likelihood.get('note', '')}".rstrip("; "),
        "prior": prior_in_words(facts["prior"]),
        "latents": _latents(facts["facts"]),
        "decoders": ", ".join(file["precision"] for file in facts["files"] if file["part"] == "decoder"),
        "made": facts["created"],
        "with": ", ".join(f"{name} {version}" for name, version in facts["software"].items()),
    }


def _latents(shapes: Mapping[str, list[int]]) -> str:
    """Return the names of the latent statistics stored in the decoder file, or `none`."""
    examples = shapes.get("examples", [0])[0]
    names = [name for name in shapes if not name.startswith("example")]
    return (
        ", ".join([*names, *([f"the latents of {examples} validation images"] if examples else [])]) or "none"
    )


def _print_files(files: list[dict[str, Any]]) -> None:
    columns = {"file": "left"} | dict.fromkeys(("bytes", "parameters", "opset"), "right")
    rows = [
        (
            file["file"],
            f"{file['bytes']:,}",
            f"{file['parameters']:,}",
            str(file["opset"]),
            f"{_shapes(file['inputs'])} -> {_shapes(file['outputs'])}",
        )
        for file in files
    ]
    console.print_table(columns | {"inputs -> outputs": "wrap"}, rows)
    console.say("")


def _print_losses(files: list[dict[str, Any]]) -> None:
    """Print how far each file of reduced precision is from the float32 one, by its own metadata."""
    columns = dict.fromkeys(("file", "precision"), "left") | dict.fromkeys(LOSSES.values(), "right")
    rows = []
    for file in files:
        loss = file.get("quantisation", {})
        values = [_number(loss.get(key, ""), "+.2g" if key == "elbo" else ".2g") for key in LOSSES]
        rows.append((file["file"], file["precision"], *values))
    title = "Difference from float32: mean levels of 255, ELBO and KL of posteriors in nats"
    console.print_table(columns, rows, title=title)
    console.say("")


def _number(value: object, form: str) -> str:
    return console.number(value, form) if isinstance(value, float) else str(value)


def _shapes(values: Mapping[str, list[int | str]]) -> str:
    return ", ".join(f"{name} ({', '.join(map(str, shape))})" for name, shape in values.items())
