"""The page of a model: for `vaecli explore`, and for a file that works anywhere."""

import dataclasses
import os
import pathlib

import numpy as np

from vaecli.errors import ModelError, OptionError
from vaecli.files import replacing, treatment
from vaecli.modelfile import facts, golden, graph
from vaecli.modelfile.cost.values import ELEMENT_TYPES
from vaecli.modelfile.find import read_all
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import ModelFile
from vaecli.modelfile.write import with_metadata
from vaecli.pages.compression import Span
from vaecli.pages.page import Contents, File, Page, build
from vaecli.paths import user_path
from vaecli.runs import kept, layout

SUFFIXES = (".html", ".htm")
MOST_BYTES = 2**27  # of a model file in a page; the page itself refuses larger ones
MOST_VALUES = 64  # of an output of a golden vector; the image, which is computed from the others, has all


@dataclasses.dataclass(frozen=True)
class PageOptions:
    """The parts of the training data that may travel with a page.

    Attributes:
        examples: latents and labels of some validation images, which the decoder file holds.
        pictures: the validation images that the run keeps.
    """

    examples: bool = True
    pictures: bool = False


@dataclasses.dataclass(frozen=True)
class ModelPage:
    """A page, and what it tells of the training data.

    Attributes:
        page: the page.
        files: names of the model files in it.
        travels: what it holds, in short phrases.
    """

    page: Page
    files: tuple[str, ...]
    travels: tuple[str, ...]


DEFAULTS = PageOptions()


def model_page(path: pathlib.Path, options: PageOptions = DEFAULTS) -> ModelPage:
    """Build the page of a model from its exported files, those of half precision where there are any.

    Args:
        path: a run, a model folder or a decoder file.
        options: what may travel with the page.

    Raises:
        ModelError: there is no model, a file is damaged or too large, or there are no pictures to add.
    """
    files = read_all(path)
    decoder, encoder = _smallest(files, "decoder"), _smallest(files, "encoder")
    if decoder is None:
        raise ModelError(
            f"{path} must have a decoder in float32 or fp16 for a page, got int8 alone.",
            hint="Name the decoder.onnx, or export the run again.",
        )
    for file in (decoder, encoder):
        if file is not None and len(file.content) > MOST_BYTES:
            raise ModelError(
                f"{file.path} must have at most {MOST_BYTES / 2**20:.0f} MB for a page, got "
                f"{len(file.content) / 2**20:.0f} MB.",
                hint="A browser would run out of memory. Train a smaller model: --width.",
            )
    examples = decoder.facts().examples if options.examples else None
    images = _kept_images(path) if options.pictures else None
    contents = Contents(
        name=decoder.info.name,
        model=_shown(path),
        decoder=_shareable(decoder, options),
        encoder=None if encoder is None else _shareable(encoder, options),
        pictures=b"" if images is None else images.tobytes(),
    )
    names = tuple(file.path.name for file in (decoder, encoder) if file is not None)
    travels = [*names]
    travels += [f"latents of {len(examples)} validation images"] if examples is not None else []
    travels += [f"{len(images)} validation images"] if images is not None else []
    return ModelPage(build(contents), names, tuple(travels))


def write_page(
    path: pathlib.Path, out: str | os.PathLike[str], options: PageOptions = DEFAULTS, *, force: bool = False
) -> tuple[pathlib.Path, ModelPage]:
    """Write the page of a model to a file that works offline; return its path and the page.

    Raises:
        OptionError: the name does not end with .html.
        OutputError: the file exists and `force` is not set, or it cannot be written.
        ModelError: as `model_page`.
    """
    target = user_path(out, option="--html")
    if target.suffix.lower() not in SUFFIXES:
        raise OptionError(f"--html must name an .html file, got {target}.", option="--html")
    made = model_page(path, options)
    with replacing(target, if_taken=treatment(out, force=force)) as file:
        file.write(made.page.content)
    return target, made


def _smallest(files: list[ModelFile], part: str) -> ModelFile | None:
    """Return the file of a part in half precision, or else in full; None if there is neither."""
    by_precision = {file.info.precision: file for file in files if file.info.part == part}
    return by_precision.get("fp16") or by_precision.get("float32")


def _shareable(file: ModelFile, options: PageOptions) -> File:
    """Return a file without what may not travel or is of no use to the page; its digest is right again.

    The encoder's first golden inputs are validation images, the decoder's first ones are latents of such.
    """
    entries = {key: text for key, text in file.metadata.items() if key != KEY_DIGEST}
    is_decoder = file.info.part == "decoder"
    if golden.KEY_GOLDEN in entries:
        vectors = file.golden()
        if not (options.examples if is_decoder else options.pictures):
            vectors = vectors.without_real(file.info.part)
        entries[golden.KEY_GOLDEN] = vectors.shortened(MOST_VALUES, keep="image").to_text()
    if is_decoder and facts.KEY_FACTS in entries:
        measured = file.facts()
        entries[facts.KEY_FACTS] = (
            measured.rounded_examples() if options.examples else measured.without_examples()
        ).to_text()
    content = with_metadata(file.content, entries)
    tensors = graph.read(content).tensors.values()
    return File(content, [Span(*tensor.span, ELEMENT_TYPES[tensor.element_type][1]) for tensor in tensors])


def _kept_images(path: pathlib.Path) -> np.ndarray:
    """Return the validation images (N, H, W, C) that the run of a model keeps.

    Raises:
        ModelError: the path leads to a model without its run.
    """
    place = path if path.is_dir() else path.parent
    run = next((run for run in map(layout.Run, (place, place.resolve().parent)) if run.kept.exists()), None)
    if run is None:
        raise ModelError(
            f"--with-pictures needs the run of {path}, which keeps validation images.",
            hint="Name the run with -m, or leave --with-pictures out.",
        )
    return kept.read(run.kept).validation


def _shown(path: pathlib.Path) -> str:
    """Return what commands in the page call the model: a page must not hold the folders of this machine."""
    absolute, current = path.absolute(), pathlib.Path.cwd()
    return str(absolute.relative_to(current)) if absolute.is_relative_to(current) else absolute.name
