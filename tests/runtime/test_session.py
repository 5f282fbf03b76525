"""A session cuts batches by memory, bounds that of all calls, and keeps the images of threads apart."""

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.cost.measure import Cost
from vaecli.modelfile.read import read_file
from vaecli.runtime import session
from vaecli.runtime.default_session import DefaultSession
from vaecli.runtime.session import Session


@pytest.fixture(scope="module")
def decoder(model_folder):
    return read_file(model_folder / "decoder.onnx")


def latents(count, seed=0):
    return {"z": np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)}


class CountingSession:
    """A layer over onnxruntime's session that counts the images of each call, and those of all calls at a time."""

    def __init__(self, session=None):
        self.session, self.calls = session, []
        self.lock, self.images, self.most = threading.Lock(), 0, 0

    def run(self, names, inputs):
        count = len(inputs["z"])
        with self.lock:
            self.calls.append(count)
            self.images += count
            self.most = max(self.most, self.images)
        if self.session is None:
            time.sleep(0.002)
            outputs = [np.zeros((count, 1), np.float32) for _ in names]
        else:
            outputs = self.session.run(names, inputs)
        with self.lock:
            self.images -= count
        return outputs


@pytest.fixture
def counted(monkeypatch):
    """A function that opens a file with `Session` over a counting session; without `compute` it gives zeros."""

    def counted(file, *, compute=True, **options):
        real, sessions = onnxruntime.InferenceSession, []

        def make(*arguments, **keywords):
            sessions.append(CountingSession(real(*arguments, **keywords) if compute else None))
            return sessions[-1]

        monkeypatch.setattr(onnxruntime, "InferenceSession", make)
        return Session(file, **options), sessions[-1]

    return counted


@pytest.mark.parametrize(
    ("elements", "largest"), [(1, 32), (2**21, 32), (2**24, 4), (2**25, 2), (2**26, 1), (2**29, 1)]
)
def test_large_images_are_run_in_smaller_chunks(decoder, counted, elements, largest):
    """A call holds at most 256 MiB, or one image, and the results do not change."""
    inputs = latents(70)
    expected = Session(decoder, thread_count=1).run(inputs)
    heavy, counts = counted(dataclasses.replace(decoder, cost=Cost(elements, 1)), thread_count=2)
    outputs = heavy.run(inputs)
    assert sum(counts.calls) == 70 and max(counts.calls) <= largest
    np.testing.assert_allclose(outputs["image"], expected["image"], rtol=1e-5, atol=1e-5)


def test_only_requested_outputs_are_returned(decoder):
    """Only requested outputs are computed, whether the batch is cut or not."""
    opened = Session(decoder, thread_count=2)
    for count in (1, 70):
        inputs = latents(count)
        assert set(opened.run(inputs)) == {"image", "logits"}
        only = opened.run(inputs, ["image"])
        assert set(only) == {"image"}
        np.testing.assert_array_equal(only["image"], opened.run(inputs)["image"])


def test_one_image_equals_its_row_of_a_batch(decoder, model_folder):
    """An image has the same result alone, through reused buffers, as in a batch; earlier results do not change."""
    encoder = read_file(model_folder / "encoder.onnx")
    rng = np.random.default_rng(0)
    for file, name, shape in ((decoder, "z", (2,)), (encoder, "image", (28, 28, 1))):
        opened = Session(file, thread_count=1)
        batch = rng.random((9, *shape)).astype(np.float32)
        together = opened.run({name: batch})
        alone = [opened.run({name: batch[i : i + 1]}) for i in range(9)]
        for output, values in together.items():
            joined = np.concatenate([outputs[output] for outputs in alone])
            np.testing.assert_allclose(joined, values, rtol=1e-5, atol=1e-5)
            assert alone[0][output].flags.owndata and alone[0][output].flags.writeable


def test_one_image_at_a_time_in_many_threads(decoder):
    """Each thread has buffers of its own, so that none gets the picture of another."""
    opened = Session(decoder)
    z = np.random.default_rng(0).normal(size=(400, 1, 2)).astype(np.float32)

    def image(row):
        return opened.run({"z": row}, ["image"])["image"]

    expected = [image(row) for row in z]
    with ThreadPoolExecutor(8) as pool:
        np.testing.assert_array_equal(list(pool.map(image, z)), expected)


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 1), np.float32), np.zeros((1, 2)), np.zeros((1, 2, 1), np.float32)]
)
def test_one_image_of_another_shape_or_type(decoder, wrong):
    """An array that numpy would broadcast or convert into the buffers reaches onnxruntime, which refuses it."""
    opened = Session(decoder)
    opened.run({"z": np.zeros((1, 2), np.float32)})
    with pytest.raises(ModelError, match="cannot run"):
        opened.run({"z": wrong})


def test_no_images(decoder):
    """An empty batch gives empty outputs without a call of onnxruntime, whose operators may not accept it."""
    outputs = Session(decoder).run({"z": np.zeros((0, 2), np.float32)})
    assert {name: array.shape for name, array in outputs.items()} == {
        "image": (0, 28, 28, 1),
        "logits": (0, 28, 28, 1),
    }
    assert {array.dtype for array in outputs.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize(
    ("elements", "images"), [(2**15, 512), (2**24, 32), (2**27, 4), (2**28, 2), (2**29, 1)]
)
def test_memory_of_all_threads_together(decoder, counted, elements, images, threads):
    """All threads together hold at most 2 GiB: of the largest images, one at a time."""
    file = dataclasses.replace(decoder, cost=Cost(elements, 1))
    opened, counts = counted(file, compute=False, thread_count=threads)
    inputs = {"z": np.zeros((64, 2), np.float32)}
    with ThreadPoolExecutor(3) as callers:  # several callers share the session
        results = list(callers.map(opened.run, [inputs, inputs, inputs]))
    assert [len(outputs["image"]) for outputs in results] == [64, 64, 64]
    assert counts.most <= images


def test_a_failing_run_raises_our_error(decoder):
    """A failure is a ModelError without paths of the machine that built onnxruntime."""
    opened = Session(decoder, thread_count=1)
    with pytest.raises(ModelError, match=f"cannot run {decoder.path}") as caught:
        opened.run({"z": np.zeros((1, 99), np.float32)})
    assert "pip install --upgrade onnxruntime" in caught.value.hint
    error = RuntimeError("[E] /onnxruntime_src/onnxruntime/core/bfc_arena.cc:376 void* Alloc() No\nroom")
    message = session.cannot_run(decoder.path, error).message
    assert "onnxruntime_src" not in message and message.endswith("[E] void* Alloc() No room")


def test_a_file_that_onnxruntime_refuses_raises_our_error(decoder):
    """The hint suggests another export first, then another version of onnxruntime."""
    with pytest.raises(ModelError, match="does not accept") as caught:
        Session(dataclasses.replace(decoder, content=b"x" * 100))
    assert caught.value.hint.startswith("Export it again, or try another version")


def test_the_default_session_cuts_large_batches(decoder):
    """With `at_once` the default session runs large batches in parts, with the same results."""
    inputs = latents(7)
    uncut, cut = (DefaultSession(decoder.content, at_once=at_once) for at_once in (None, 2))
    assert len(cut.run(inputs)["image"]) == 7
    np.testing.assert_allclose(cut.run(inputs)["image"], uncut.run(inputs)["image"], atol=1e-6)
    with pytest.raises(ModelError, match="cannot run the file in a default session"):
        cut.run({"z": np.zeros((1, 99), np.float32)})
