"""How a model takes a user's picture, and what its prior is, in words, for `vaecli info` and the model card."""

from collections.abc import Mapping
from typing import Any

_FITS = {"pad": "the whole picture, padded", "crop": "its middle", "stretch": "stretched"}
_PHOTOS = {
    "fashion": "the subject is cut out and fills the frame",
    "digits": "the subject is cut out, centred by its mass, in 20 / 28 of the frame",
}


def photo_in_words(preparation: Mapping[str, Any]) -> str:
    """Say how a user's picture becomes like the training images, from the table in the metadata."""
    if preparation["photo"] == "resize":
        return f"resized as the training pictures were: {_FITS[preparation['reading']['fit']]}"
    return _PHOTOS[preparation["photo"]]


def prior_in_words(prior: Mapping[str, Any]) -> str:
    """Say what a model's prior is, from the table in the metadata."""
    if prior["name"] == "normal":
        return "N(0, I)"
    components, gain = prior.get("components"), prior.get("gain")
    words = (
        "a mixture of Gaussians" if type(components) is not int else f"a mixture of {components} Gaussians"
    )
    is_number = isinstance(gain, int | float) and not isinstance(gain, bool)
    return words + (
        f", {gain:+.2f} nats of the ELBO on validation images against N(0, I)" if is_number else ""
    )
