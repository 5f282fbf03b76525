"""Parity: golden vectors of large images are few, and NaN or another shape does not pass."""

import numpy as np
import pytest

from vaecli.errors import OptionError, ParityError
from vaecli.export import parity
from vaecli.export.opsets import require_opset


def test_golden_vectors_of_large_images_are_few():
    """One real and one extreme input keep the metadata within two megabytes; the encoder gets noise, too."""

    def outputs(inputs):
        return {"image": next(iter(inputs.values()))}

    images = parity.image_inputs(np.zeros((1, 512, 512, 1), np.uint8))
    latents = parity.latent_inputs(np.zeros((64, 2), np.float32))
    golden = parity.golden(images, latents, outputs, outputs)
    assert (len(golden["decoder"].inputs["z"]), len(golden["encoder"].inputs["image"])) == (2, 3)


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (np.full((7, 2), np.nan, np.float32), "by at most 1e-05, got NaN: output `y`"),
        (np.ones((7, 3), np.float32), "got inf"),
        (
            np.full((7, 2), 1.5, np.float32),
            r"got 0\.5: output `y`, real inputs, batch size 1 \(2 of 2 checks",
        ),
    ],
)
def test_what_does_not_pass(actual, message):
    """NaN, another shape and a difference beyond the bound are refused; the message has both numbers."""
    inputs = {"real": {"x": np.ones((7, 2), np.float32)}}

    def exported(batch):
        return {"y": actual[: len(batch["x"])]}

    table = parity.compare("decoder", inputs, lambda batch: {"y": batch["x"]}, exported)
    with pytest.raises(ParityError, match=message):
        parity.require(table)


@pytest.mark.parametrize(
    ("opset", "message"),
    [
        (99, "--opset must be at most 18, got 99"),
        (12, "--opset must be at least 13, got 12"),
        (13.5, "--opset must be a whole number, got 13.5"),
        (True, "--opset must be a whole number"),
    ],
)
def test_opsets_out_of_range(opset, message):
    """An opset that the networks cannot use is a usage error with the limit."""
    with pytest.raises(OptionError, match=message):
        require_opset(opset)
