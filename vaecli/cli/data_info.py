"""`vaecli data info`."""

from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import Colour
from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.cli.parameters import ForceOption, JsonOption, QuietOption, complete_data
from vaecli.cli.training_options import FitOption, GreyOption, ImageSizeOption

if TYPE_CHECKING:
    from vaecli.tasks.data_info import DataInfo

SHOWN_BAD, SHOWN_CLASSES = 5, 20


@console.usage_errors
def info(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder or archive of pictures, file of arrays, folder of IDX files, or name of a data set.",
            autocompletion=complete_data,
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="Sheet of examples to write (.png).", show_default="none"),
    ] = None,
    image_size: ImageSizeOption = None,
    grey: GreyOption = None,
    fit: FitOption = None,
    show: Annotated[bool, typer.Option("--show", help="Draw the first examples in the terminal.")] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a folder of pictures holds, and what training would make of it: size, colour, classes.

    Pictures that cannot be read, and equal pictures, are listed. Nothing in the folder is changed.

    [dim]vaecli data info my-pictures/ -o examples.png[/dim]

    [dim]vaecli data info photos.zip --image-size 64 --rgb --show[/dim]
    """
    from vaecli.options import image_size as parse_size
    from vaecli.tasks.data_info import check_examples_target, describe, write_examples

    if out is not None:
        check_examples_target(out, force=force)
    size = None if image_size is None else parse_size(image_size)
    colour: Colour | None = None if grey is None else "grey" if grey else "rgb"
    with bars(quiet=quiet) as shown:
        facts = describe(
            source,
            size=size,
            colour=colour,
            fit=fit,
            download=shown.download,
            pictures=shown.count,
            warn=console.silent if quiet else console.note,
        )
    written = None if out is None else write_examples(facts, out, force=force)
    if as_json:
        table = {name: value for name, value in vars(facts).items() if name != "examples"}
        console.print_json("data-info", table)
        return
    _print_info(facts)
    if show:
        from vaecli.cli.cells import draw

        draw(facts.examples[:16])
    if written is not None:
        console.say(console.shown_path(written))
    if quiet:
        return
    if facts.too_few:
        console.note(f"Training needs more pictures: {facts.too_few}.")
        return
    bad = ["--allow-bad"] if facts.has_many_bad else []
    console.next_step("train", "--data", console.shown_path(source), *_typed(image_size, grey, fit), *bad)


def _typed(image_size: str | None, grey: bool | None, fit: str | None) -> list[str]:
    """Return the words --image-size, --grey or --rgb, and --fit that were typed, for the next command."""
    words = [] if image_size is None else ["--image-size", image_size]
    words += [] if grey is None else ["--grey" if grey else "--rgb"]
    return words + ([] if fit is None else ["--fit", fit])


def _print_info(facts: "DataInfo") -> None:
    """Print what a data set holds, a line each."""
    height, width, channels = facts.image_shape
    colour = "grey" if channels == 1 else "RGB"
    low, high = facts.pixel_range
    lines = {
        "read as": facts.layout,
        "images": ", ".join(f"{count:,} {part}" for part, count in facts.parts.items()),
        "width x height": ", ".join(f"{columns} x {rows}" for columns, rows in dict.fromkeys(facts.sizes))
        + (" (smallest, median, largest)" if len(set(facts.sizes)) == 3 else ""),
        "modes": ", ".join(f"{count:,} {mode}" for mode, count in facts.modes.items()),
        "classes": _classes(facts),
        "training": f"{_size(height, width)} {colour}" + (f", {facts.fit}" if facts.fit else ""),
        "pixels": f"{low} to {high}",
        "duplicates": _equal(facts.duplicates) if facts.duplicates else "",
        "test in training": f"{facts.leaked:,} test or validation pictures equal a training picture"
        if facts.leaked
        else "",
        "other files": f"{facts.ignored:,}, no pictures" if facts.ignored else "",
        "bad files": f"{len(facts.bad_files):,}" if facts.bad_files else "",
    }
    console.print_pairs({name: text for name, text in lines.items() if text})
    if facts.bad_files:
        console.print_table({"bad file": "wrap", "reason": "wrap"}, facts.bad_files[:SHOWN_BAD])
        if len(facts.bad_files) > SHOWN_BAD:
            console.say(f"and {len(facts.bad_files) - SHOWN_BAD:,} more; all of them with --json")


def _equal(count: int) -> str:
    """Return how many pictures equal an earlier one, in words."""
    return f"{count:,} picture{'s equal' if count > 1 else ' equals'} an earlier one"


def _size(height: int, width: int) -> str:
    """Return the size of the images, with the sides named where it matters which is which."""
    return f"{height} x {width}" if height == width else f"{height} high, {width} wide,"


def _classes(facts: "DataInfo") -> str:
    """Return the first classes with their numbers of images."""
    classes = list(facts.classes.items())
    more = f", and {len(classes) - SHOWN_CLASSES:,} more" if len(classes) > SHOWN_CLASSES else ""
    return ", ".join(f"{name} {count:,}" for name, count in classes[:SHOWN_CLASSES]) + more
