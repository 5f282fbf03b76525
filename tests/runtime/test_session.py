"""How a batch is cut: by the images that a call may hold in memory."""

import dataclasses

import numpy as np
import pytest

from vaecli.runtime import modelfile, session
from vaecli.runtime.sizes import Cost


@pytest.fixture(scope="module")
def decoder(model_folder):
    return modelfile.read(model_folder / "decoder.onnx")


@pytest.mark.parametrize(
    ("elements", "largest"), [(1, 32), (2**21, 32), (2**24, 4), (2**25, 2), (2**26, 1), (2**29, 1)]
)
def test_large_images_come_in_smaller_chunks(decoder, monkeypatch, elements, largest):
    """No call holds more than 256 MiB, or more than one image; the pictures are the same."""
    z = np.random.default_rng(0).normal(size=(70, 2)).astype(np.float32)
    whole = session.Session(decoder, "z", thread_count=1).run(z)
    heavy = session.Session(dataclasses.replace(decoder, cost=Cost(elements, 1)), "z", thread_count=2)
    seen = []
    real = heavy._run_chunk
    monkeypatch.setattr(
        heavy, "_run_chunk", lambda names, chunk: (seen.append(len(chunk)), real(names, chunk))[1]
    )
    found = heavy.run(z)
    assert sum(seen) == 70 and max(seen) <= largest
    np.testing.assert_allclose(found["image"], whole["image"], rtol=1e-5, atol=1e-5)


def test_only_what_is_wanted_is_given(decoder):
    """Outputs that are not named stay behind, whether the batch is cut or not."""
    opened = session.Session(decoder, "z", thread_count=2)
    for count in (1, 70):
        z = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
        assert set(opened.run(z)) == {"image", "logits"}
        only = opened.run(z, ["image"])
        assert set(only) == {"image"}
        np.testing.assert_array_equal(only["image"], opened.run(z)["image"])


def test_what_cannot_be_run_is_our_error(decoder):
    """onnxruntime's own exceptions do not get out of a run."""
    opened = session.Session(decoder, "z", thread_count=1)
    with pytest.raises(session.ModelError, match="cannot run"):
        opened.run(np.zeros((1, 99), np.float32))
