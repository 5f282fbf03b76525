"""`vaecli info`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vaecli.cli import console
from vaecli.cli.console import JsonOption, ModelOption

if TYPE_CHECKING:
    from rich.table import Table


@console.usage_errors
def info(model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Tell what a model is: data, figures, options, files. A decoder.onnx alone is enough.

    [dim]vaecli info[/dim]

    [dim]vaecli info -m decoder.onnx --json[/dim]
    """
    from vaecli.tasks.info import info as task

    facts = task(console.model_path(model))
    if as_json:
        console.print_json(facts)
    else:
        out = console.stdout()
        tables = [_about(facts), _training(facts), _files(facts["files"])]
        rough = [file for file in facts["files"] if file["precision"] != "float32"]
        for table in [*tables, *([_losses(rough)] if rough else [])]:
            out.print(table)
            out.print()


def _about(facts: Mapping[str, Any]) -> "Table":
    data, likelihood = facts["data"], facts["likelihood"]
    return _two_columns(
        {
            "name": facts["name"],
            "network": f"{facts['network']}, {facts['latent_dim']} latent dimensions",
            "images": f"{' x '.join(map(str, facts['image_shape']))}, {facts['preparation']['polarity']}",
            "trained on": f"{data.get('count', '?')} images of {data['name']}",
            "classes": ", ".join(map(str, facts["class_names"])),
            "likelihood": f"{likelihood['name']}; {likelihood.get('note', '')}".rstrip("; "),
            "prior": facts["prior"].get("name", ""),
            "decoders": ", ".join(file["precision"] for file in facts["files"] if file["part"] == "decoder"),
            "made": facts["created"],
            "with": ", ".join(f"{name} {version}" for name, version in facts["software"].items()),
        }
    )


def _training(facts: Mapping[str, Any]) -> "Table":
    return _two_columns({name: _number(value, ".6g") for name, value in facts["training"].items()})


def _files(files: list[dict[str, Any]]) -> "Table":
    from rich.text import Text

    table = console.table()
    table.add_column("file", no_wrap=True)
    for name in ("bytes", "parameters", "opset"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("takes and gives")
    for file in files:
        table.add_row(
            Text(file["file"]),
            f"{file['bytes']:,}",
            f"{file['parameters']:,}",
            str(file["opset"]),
            Text(f"{_shapes(file['inputs'])} -> {_shapes(file['outputs'])}"),
        )
    return table


def _losses(files: list[dict[str, Any]]) -> "Table":
    """Tabulate the stored differences between each reduced-precision file and the float32 one."""
    from rich.text import Text

    table = console.table("Difference from float32: mean absolute in levels of 255, and ELBO in nats")
    for name in ("file", "precision"):
        table.add_column(name, no_wrap=True)
    columns = {
        "mae_posterior": "posterior",
        "mae_prior": "prior",
        "mae_extreme": "norm 10",
        "elbo": "ELBO, nats",
    }
    for name in columns.values():
        table.add_column(name, justify="right", no_wrap=True)
    for file in files:
        loss = file.get("quantisation", {})
        values = [_number(loss.get(key, ""), "+.2g" if key == "elbo" else ".2g") for key in columns]
        table.add_row(Text(file["file"]), file["precision"], *map(Text, values))
    return table


def _number(value: object, form: str) -> str:
    return format(value, form) if isinstance(value, float) else str(value)


def _shapes(values: Mapping[str, list[int | str]]) -> str:
    return ", ".join(f"{name} ({', '.join(map(str, shape))})" for name, shape in values.items())


def _two_columns(rows: Mapping[str, object]) -> "Table":
    from rich.text import Text

    table = console.table()
    table.show_header = False
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in rows.items():
        table.add_row(Text(name), Text(str(value)))
    return table
