"""Options and arguments that several commands share, and their completion."""

import contextlib
import pathlib
from typing import Annotated

import typer

from vaecli import bundled
from vaecli.choices import DATA_SETS, Cutout, Part, PicturePolarity, Precision, Prepare


def complete_data(incomplete: str) -> list[str]:
    """Return the names of data sets that begin with the text typed so far."""
    return [name for name in DATA_SETS if name.startswith(incomplete)]


def complete_runs(incomplete: str) -> list[str]:
    """Return the paths runs/... that begin with the typed text."""
    from vaecli.runs.layout import ROOT, Run

    with contextlib.suppress(OSError):
        return sorted(
            str(path)
            for path in ROOT.iterdir()
            if str(path).startswith(incomplete) and Run(path).provenance.exists()
        )
    return []


def complete_models(incomplete: str) -> list[str]:
    """Return the paths runs/... and the name of the bundled model that begin with the typed text."""
    return [name for name in (bundled.MODEL,) if name.startswith(incomplete)] + complete_runs(incomplete)


_MODEL = f"Model: a run, a model folder, a decoder.onnx, or {bundled.MODEL}, which comes with vaecli."
ModelArgument = Annotated[
    pathlib.Path | None,
    typer.Argument(
        metavar="MODEL", help=_MODEL, show_default="the newest run", autocompletion=complete_models
    ),
]
ModelOption = Annotated[
    pathlib.Path | None,
    typer.Option("--model", "-m", help=_MODEL, show_default="the newest run", autocompletion=complete_models),
]
_NEWEST_OR_BUNDLED = f"the newest run, or {bundled.MODEL}"
ModelOrBundledArgument = Annotated[
    pathlib.Path | None,
    typer.Argument(
        metavar="MODEL", help=_MODEL, show_default=_NEWEST_OR_BUNDLED, autocompletion=complete_models
    ),
]
ModelOrBundledOption = Annotated[
    pathlib.Path | None,
    typer.Option(
        "--model",
        "-m",
        help=_MODEL,
        show_default=_NEWEST_OR_BUNDLED,
        autocompletion=complete_models,
    ),
]
RunOption = Annotated[
    pathlib.Path | None,
    typer.Option(
        "--model", "-m", help="Run folder.", show_default="the newest run", autocompletion=complete_runs
    ),
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "--out", "-o", help="File to write (.png, .gif, .npy, .npz) or folder.", show_default="next free name"
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Data set: a name, a folder or a file.",
        show_default="the model's data set",
        autocompletion=complete_data,
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notes.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, nothing else there.")]
PrecisionOption = Annotated[
    Precision,
    typer.Option("--precision", help="Precision of the decoder file; `export` makes int8 and fp16."),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Number of threads.", show_default="all available processors"),
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Random seed; the same one repeats the result.")
]
PicturesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PICTURES]...",
        help="Files, folders, globs, archives, .npy arrays; test:17 or val:0:100 of the data.",
        show_default=False,
    ),
]
SplitOption = Annotated[
    Part | None,
    typer.Option(
        "--split",
        help="Part of the data set to read in place of PICTURES.",
        show_default="test, or validation where there are no test images",
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard", metavar="I/N", help="Part I of N equal parts of the pictures.", show_default="all"
    ),
]
ScaleOption = Annotated[
    int | None,
    typer.Option(
        "--scale",
        min=1,
        help="Enlarge each pixel to a square of this side.",
        show_default="large enough to see",
    ),
]
SmoothOption = Annotated[bool, typer.Option("--smooth", help="Enlarge with smooth transitions, not squares.")]
NoExamplesOption = Annotated[
    bool, typer.Option("--no-examples", help="Leave latents of individual validation images out of the page.")
]
WithPicturesOption = Annotated[
    bool, typer.Option("--with-pictures", help="Put the run's kept validation images into the page.")
]
_PHOTOS = "Your pictures"  # panel of the help
PrepareOption = Annotated[
    Prepare,
    typer.Option(
        "--prepare", help="How a picture becomes like the training images.", rich_help_panel=_PHOTOS
    ),
]
PolarityOption = Annotated[
    PicturePolarity,
    typer.Option("--polarity", help="What a picture is; `keep` never negates it.", rich_help_panel=_PHOTOS),
]
TrimOption = Annotated[
    bool, typer.Option("--trim/--no-trim", help="Cut a picture to its subject.", rich_help_panel=_PHOTOS)
]
CutoutOption = Annotated[
    Cutout,
    typer.Option("--cutout", help="Cutting of garments out of their background.", rich_help_panel=_PHOTOS),
]
RangeOption = Annotated[
    str,
    typer.Option(
        "--range",
        metavar="auto|full|LOW:HIGH",
        help="Values in the file that mean black and white.",
        rich_help_panel=_PHOTOS,
    ),
]
SavePreparedOption = Annotated[
    str | None,
    typer.Option(
        "--save-prepared",
        metavar="DIR",
        help="Folder for the pictures as the model saw them.",
        rich_help_panel=_PHOTOS,
    ),
]
