"""Units of the networks that never change, for images and for latents of them."""

from collections.abc import Callable, Iterator

import numpy as np

from vaecli.errors import ModelError
from vaecli.modelfile.find import read_all
from vaecli.modelfile.read import ModelFile
from vaecli.pixels import chunks, to_float32
from vaecli.report.signs import Share
from vaecli.runtime.activity import dead_in
from vaecli.runtime.labels import decoder_inputs, encoder_inputs
from vaecli.tasks.quality.steps import Steps
from vaecli.tasks.report.different import UNITS, missing
from vaecli.tasks.report.subject import Subject

CHUNK, CHUNK_BYTES = 64, 2**21  # images at a time, and bytes of their 8-bit pixels


def dead_units(subject: Subject, steps: Steps) -> dict[str, Share]:
    """Count the dead units of `encoder` and `decoder`; return nothing for fewer than 32 different images."""
    if missing(subject, UNITS):
        return {}
    positions = subject.evenly(UNITS.most)
    try:
        files = {
            file.info.part: file for file in read_all(subject.model.path) if file.info.precision != "int8"
        }
        advance = steps.counter("Units of the networks", len(positions) * len(files))
        counted = {
            part: dead_in(file, _inputs(subject, file, positions, advance), threads=subject.model.threads)
            for part, file in sorted(files.items(), reverse=True)
        }
    except ModelError:
        return {}
    return {part: Share(number.dead, number.all) for part, number in counted.items() if number.all}


def _inputs(
    subject: Subject, file: ModelFile, positions: np.ndarray, advance: Callable[[int], None]
) -> Iterator[dict[str, np.ndarray]]:
    """Yield the inputs of a part, at least two at a time: images, or their posterior means.

    `advance` is called with the number of images of each chunk when the next is asked for.
    """
    info = file.info
    for part in chunks(len(positions), info.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES):
        rows = positions[part]
        rows = np.repeat(rows, 2) if len(rows) == 1 else rows
        if info.part == "encoder":
            yield encoder_inputs(info, to_float32(subject.seen(rows)), subject.given(rows))
        else:
            yield decoder_inputs(info, subject.encode(rows)[0], subject.given(rows))
        advance(part.stop - part.start)
