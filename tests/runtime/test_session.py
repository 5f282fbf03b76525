"""How a batch is cut: by the images that a call may hold in memory."""

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vaecli.modelfile.cost.measure import Cost
from vaecli.modelfile.read import read_file
from vaecli.runtime import session
from vaecli.runtime.default_session import PlainSession


@pytest.fixture(scope="module")
def decoder(model_folder):
    return read_file(model_folder / "decoder.onnx")


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


def test_one_image_is_of_a_batch(decoder, model_folder):
    """By itself, with its places in memory used again, and in a batch: the same, and what was given stays."""
    encoder = read_file(model_folder / "encoder.onnx")
    rng = np.random.default_rng(0)
    for file, name, shape in ((decoder, "z", (2,)), (encoder, "image", (28, 28, 1))):
        opened = session.Session(file, name, thread_count=1)
        batch = rng.random((9, *shape)).astype(np.float32)
        whole = opened.run(batch)
        alone = [opened.run(batch[i : i + 1]) for i in range(9)]
        for output, values in whole.items():
            found = np.concatenate([given[output] for given in alone])
            np.testing.assert_allclose(found, values, rtol=1e-5, atol=1e-5)
            assert alone[0][output].flags.owndata and alone[0][output].flags.writeable


def test_one_image_at_a_time_in_many_threads(decoder):
    """Each thread has its own places: nobody gets another's picture."""
    opened = session.Session(decoder, "z")
    z = np.random.default_rng(0).normal(size=(400, 1, 2)).astype(np.float32)
    expected = [opened.run(one, ["image"])["image"] for one in z]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: opened.run(one, ["image"])["image"], z))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 1), np.float32), np.zeros((1, 2)), np.zeros((1, 2, 1), np.float32)]
)
def test_one_image_of_another_form(decoder, wrong):
    """What would be spread or converted on its way into the places is not: onnxruntime sees it, and refuses."""
    opened = session.Session(decoder, "z")
    opened.run(np.zeros((1, 2), np.float32))
    with pytest.raises(session.ModelError, match="cannot run"):
        opened.run(wrong)


def test_no_images(decoder):
    """An empty batch gives empty outputs, and onnxruntime is not asked: its operators may not expect one."""
    outputs = session.Session(decoder, "z").run(np.zeros((0, 2), np.float32))
    assert {name: array.shape for name, array in outputs.items()} == {
        "image": (0, 28, 28, 1),
        "logits": (0, 28, 28, 1),
    }
    assert {array.dtype for array in outputs.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize(
    ("elements", "images"), [(2**15, 512), (2**24, 32), (2**27, 4), (2**28, 2), (2**29, 1)]
)
def test_memory_of_all_threads_together(decoder, elements, images, threads):
    """Sixteen threads hold no more than one may: 2 GiB, of the largest images one at a time."""
    opened = session.Session(dataclasses.replace(decoder, cost=Cost(elements, 1)), "z", thread_count=threads)
    lock, now, most = threading.Lock(), [0], [0]

    class Counting:
        def run(self, names, feeds):
            with lock:
                now[0] += len(feeds["z"])
                most[0] = max(most[0], now[0])
            time.sleep(0.002)
            with lock:
                now[0] -= len(feeds["z"])
            return [np.zeros((len(feeds["z"]), 1), np.float32) for _ in names]

    opened._session = Counting()
    z = np.zeros((64, 2), np.float32)
    with ThreadPoolExecutor(3) as callers:  # several who share the session
        found = list(callers.map(opened.run, [z, z, z]))
    assert [len(outputs["image"]) for outputs in found] == [64, 64, 64]
    assert most[0] <= images


def test_what_cannot_be_run_is_our_error(decoder):
    """onnxruntime's own exceptions do not get out of a run, nor the paths of where it was built."""
    opened = session.Session(decoder, "z", thread_count=1)
    with pytest.raises(session.ModelError, match=f"cannot run {decoder.path}") as caught:
        opened.run(np.zeros((1, 99), np.float32))
    assert "pip install --upgrade onnxruntime" in caught.value.hint
    where = RuntimeError("[E] /onnxruntime_src/onnxruntime/core/bfc_arena.cc:376 void* Alloc() No\nroom")
    assert str(session.cannot_run(decoder.path, where)).count("onnxruntime_src") == 0
    assert "[E] void* Alloc() No room." in session.cannot_run(decoder.path, where).message + "."


def test_what_is_not_taken_is_our_error(decoder):
    """The same when it is opened; another version is one way out, another export the first."""
    with pytest.raises(session.ModelError, match="does not take") as caught:
        session.Session(dataclasses.replace(decoder, content=b"x" * 100), "z")
    assert caught.value.hint.startswith("Export it again, or try another version")


def test_the_plain_session_holds_no_more(decoder):
    """A large batch of large images is cut: `bench --against` must not take what nobody has."""
    z = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    whole, cut = (PlainSession(decoder.content, at_once=at_once) for at_once in (None, 2))
    assert len(cut.run(z)["image"]) == 7
    np.testing.assert_allclose(cut.run(z)["image"], whole.run(z)["image"], atol=1e-6)
    with pytest.raises(session.ModelError, match="cannot run the file in a default session"):
        cut.run(np.zeros((1, 99), np.float32))
