"""A model from the content of its files, as a pickle holds it."""

import pathlib
from typing import TYPE_CHECKING

from vaecli.modelfile.read import check_content

if TYPE_CHECKING:
    from vaecli.runtime.model import Model


def unpickle(decoder: tuple[str, bytes], encoder: tuple[str, bytes | None], threads: int | None) -> "Model":
    """Build a model from the path and the content of its files; the encoder's content is None if it is missing."""
    from vaecli.runtime.model import Model  # noqa: PLC0415  # which imports this module

    path, content = pathlib.Path(encoder[0]), encoder[1]
    return Model(
        check_content(decoder[1], pathlib.Path(decoder[0])),
        path if content is None else check_content(content, path),
        threads=threads,
    )
