"""How a batch is cut: by the number of images that a call may hold in memory."""

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
    """Stands between vaecli and onnxruntime: counts the images of each call, and those in all calls at a time."""

    def __init__(self, inner=None):
        self.inner, self.calls = inner, []
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def run(self, names, inputs):
        count = len(inputs["z"])
        with self.lock:
            self.calls.append(count)
            self.now += count
            self.most = max(self.most, self.now)
        if self.inner is None:
            time.sleep(0.002)
        outputs = [np.zeros((count, 1), np.float32) for _ in names] if self.inner is None else None
        outputs = outputs or self.inner.run(names, inputs)
        with self.lock:
            self.now -= count
        return outputs


@pytest.fixture
def counted(monkeypatch):
    """Opens a file with `Session` over a counting session; `compute` false gives zeros in place of pictures."""

    def counted(file, *, compute=True, **options):
        real, made = onnxruntime.InferenceSession, []

        def make(*arguments, **keywords):
            made.append(CountingSession(real(*arguments, **keywords) if compute else None))
            return made[-1]

        monkeypatch.setattr(onnxruntime, "InferenceSession", make)
        return Session(file, **options), made[-1]

    return counted


@pytest.mark.parametrize(
    ("elements", "largest"), [(1, 32), (2**21, 32), (2**24, 4), (2**25, 2), (2**26, 1), (2**29, 1)]
)
def test_large_images_come_in_smaller_chunks(decoder, counted, elements, largest):
    """No call holds more than 256 MiB, or more than one image; the pictures are the same."""
    inputs = latents(70)
    expected = Session(decoder, thread_count=1).run(inputs)
    heavy, counts = counted(dataclasses.replace(decoder, cost=Cost(elements, 1)), thread_count=2)
    outputs = heavy.run(inputs)
    assert sum(counts.calls) == 70 and max(counts.calls) <= largest
    np.testing.assert_allclose(outputs["image"], expected["image"], rtol=1e-5, atol=1e-5)


def test_only_requested_outputs_are_returned(decoder):
    """Other outputs are not computed, whether the batch is cut or not."""
    opened = Session(decoder, thread_count=2)
    for count in (1, 70):
        inputs = latents(count)
        assert set(opened.run(inputs)) == {"image", "logits"}
        only = opened.run(inputs, ["image"])
        assert set(only) == {"image"}
        np.testing.assert_array_equal(only["image"], opened.run(inputs)["image"])


def test_one_image_equals_its_row_of_a_batch(decoder, model_folder):
    """Alone, through buffers that are used again, and in a batch: the same; earlier results do not change."""
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
    """Each thread has buffers of its own: none gets another's picture."""
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
def test_one_image_of_another_form(decoder, wrong):
    """An array that numpy would broadcast or convert into the buffers reaches onnxruntime, which refuses it."""
    opened = Session(decoder)
    opened.run({"z": np.zeros((1, 2), np.float32)})
    with pytest.raises(ModelError, match="cannot run"):
        opened.run({"z": wrong})


def test_no_images(decoder):
    """An empty batch gives empty outputs without onnxruntime, whose operators may not expect one."""
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
    """Sixteen threads hold no more than one may: 2 GiB, of the largest images one at a time."""
    file = dataclasses.replace(decoder, cost=Cost(elements, 1))
    opened, counts = counted(file, compute=False, thread_count=threads)
    inputs = {"z": np.zeros((64, 2), np.float32)}
    with ThreadPoolExecutor(3) as callers:  # several callers share the session
        results = list(callers.map(opened.run, [inputs, inputs, inputs]))
    assert [len(outputs["image"]) for outputs in results] == [64, 64, 64]
    assert counts.most <= images


def test_a_failing_run_raises_our_error(decoder):
    """onnxruntime's own exceptions do not leave a run, nor the paths of the machine that built it."""
    opened = Session(decoder, thread_count=1)
    with pytest.raises(ModelError, match=f"cannot run {decoder.path}") as caught:
        opened.run({"z": np.zeros((1, 99), np.float32)})
    assert "pip install --upgrade onnxruntime" in caught.value.hint
    error = RuntimeError("[E] /onnxruntime_src/onnxruntime/core/bfc_arena.cc:376 void* Alloc() No\nroom")
    message = session.cannot_run(decoder.path, error).message
    assert "onnxruntime_src" not in message and message.endswith("[E] void* Alloc() No room")


def test_a_file_that_onnxruntime_refuses_raises_our_error(decoder):
    """The hint names another export first, then another version of onnxruntime."""
    with pytest.raises(ModelError, match="does not accept") as caught:
        Session(dataclasses.replace(decoder, content=b"x" * 100))
    assert caught.value.hint.startswith("Export it again, or try another version")


def test_the_default_session_cuts_large_batches(decoder):
    """`bench --against` must not take memory that nobody has."""
    inputs = latents(7)
    uncut, cut = (DefaultSession(decoder.content, at_once=at_once) for at_once in (None, 2))
    assert len(cut.run(inputs)["image"]) == 7
    np.testing.assert_allclose(cut.run(inputs)["image"], uncut.run(inputs)["image"], atol=1e-6)
    with pytest.raises(ModelError, match="cannot run the file in a default session"):
        cut.run({"z": np.zeros((1, 99), np.float32)})
