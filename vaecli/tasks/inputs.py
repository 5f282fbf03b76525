"""The model and the data set that a command works on."""

from collections.abc import Callable

from vaecli.choices import Split
from vaecli.data.images import ImageSet
from vaecli.data.load import load
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.errors import DataError
from vaecli.runtime.model import Model


def load_for(
    model: Model,
    data: str | None,
    split: Split,
    *,
    warn: Callable[[str], None] = lambda _message: None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> ImageSet:
    """Load `data`, or the model's own data set if that is None.

    Raises:
        DataError: it cannot be had, or its pictures have another shape than the model's.
    """
    own = str(model.info.data["name"])
    if data is None and own not in CATALOGUE:
        raise DataError(
            f"The model was trained on a folder called {own}, and where that is the model does not say.",
            hint="Name the folder with --data.",
        )
    images = load(data or own, split, warn=warn, progress=progress)
    if images.images.shape[1:] != model.image_shape:
        raise DataError(
            f"The pictures of {images.name} have the shape {images.images.shape[1:]}; "
            f"the model takes {model.image_shape}.",
            hint="Name a data set of that shape with --data.",
        )
    return images
