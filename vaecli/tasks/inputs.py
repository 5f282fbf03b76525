"""The data set that a command works on with a model."""

from collections.abc import Callable

from vaecli.choices import Split
from vaecli.data import contrast
from vaecli.data.images import ImageSet
from vaecli.data.load import load, load_named
from vaecli.data.named.catalogue import CATALOGUE
from vaecli.errors import DataError, ModelError
from vaecli.runtime.model import Model

Warn = Callable[[str], None]
Progress = Callable[[str, int, int], None]


def load_for(
    model: Model,
    data: str | None,
    split: Split,
    *,
    warn: Warn = lambda _message: None,
    progress: Progress = lambda *_: None,
) -> ImageSet:
    """Load images for a model, stretched as its training images were.

    Args:
        model: an opened model.
        data: a data set or folder; None is the data set that the model was trained on.
        split: `train` or `test`.
        warn: receives what a user should know of the data set.
        progress: receives the progress of a download: file, bytes so far, bytes in all.

    Raises:
        DataError: the images cannot be had, or have another shape than the model's. With None: the model was
            trained on a folder, or on other images than the data set of that name has now.
        ModelError: the model's metadata do not fit.
    """
    if data is None:
        images = _own(model, split, warn, progress)
    else:
        images = _stretched(model, load(data, split, warn=warn, progress=progress))
    if images.images.shape[1:] != model.image_shape:
        raise DataError(
            f"Images of {images.name} must have the shape {model.image_shape}, got {images.images.shape[1:]}.",
            hint="Name a data set of that shape with --data.",
        )
    return images


def _own(model: Model, split: Split, warn: Warn, progress: Progress) -> ImageSet:
    """Load the data set that the model was trained on; its hash decides, not its name."""
    data = model.info.data
    name, kind = data["name"], data.get("kind")
    if kind not in ("named", None) or name not in CATALOGUE:
        another = ", and not on the data set of that name" if name in CATALOGUE else ""
        raise DataError(
            f"The model was trained on a folder called {name}{another}; where it is the model does not say.",
            hint="Name the folder with --data FOLDER.",
        )
    images = _stretched(model, load_named(name, split, warn=warn, progress=progress))
    if split == "train" or kind is None:
        training = images if split == "train" else _stretched(model, load_named(name, "train"))
        if training.sha256 != data.get("sha256"):
            raise DataError(
                f"The model was trained on other images than the data set {name} has: their SHA-256 must be "
                f"{str(data.get('sha256'))[:12]}..., got {training.sha256[:12]}...",
                hint="Name the folder of its images with --data FOLDER.",
            )
    return images


def _stretched(model: Model, images: ImageSet) -> ImageSet:
    stretch = model.info.data.get("stretch")
    if stretch is None:
        return images
    try:
        low, high = map(int, stretch)
        if not 0 <= low < high <= 255:
            raise ValueError
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"`stretch` in the metadata of {model.path} must be two pixel values, got {stretch!r:.80}.",
            hint="Export the model again.",
        ) from error
    return contrast.like_training(images, low, high)
