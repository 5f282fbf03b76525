"""peers: other packages decode the same weights, each in a process of its own."""

import importlib.util
import multiprocessing

import numpy as np
import pytest

from vaecli.baselines import processes
from vaecli.baselines.backends import FAMILIES

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def decoder_file(tmp_path_factory):
    """A decoder in colour, cropped, of 3 dimensions."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    path = tmp_path_factory.mktemp("keras") / "decoder.keras"
    build("classic", likelihood("bernoulli"), (18, 14, 3), 3, seed=1).decoder.save(path)
    return path


def test_all_that_are_here_decode_the_same(decoder_file):
    """Keras and whatever else is installed give its pictures and times; who is not here is named; all end."""
    import keras
    import onnxruntime

    z = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    expected = keras.ops.sigmoid(keras.saving.load_model(decoder_file, compile=False)(z)).numpy()
    notes = []
    with processes.peers(decoder_file, note=notes.append) as (plain, found):
        session = onnxruntime.InferenceSession(plain, providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(["image"], {"z": z})[0], expected, atol=1e-5)
        for peer in found:
            off = 0.02 if peer.name.endswith("bf16") else 1e-5
            np.testing.assert_allclose(peer.images(z), expected, atol=off, err_msg=peer.name)
            times = peer.times(z, 0.01)
            assert 0.01 <= sum(times) < 10
        assert {"Keras predict", "tf.function"} <= {peer.name for peer in found}
        assert len(multiprocessing.active_children()) >= 1
    absent = [name for name in FAMILIES if importlib.util.find_spec(name) is None]
    assert notes == [f"{name} is not installed: it takes no part." for name in absent]
    assert multiprocessing.active_children() == []


def test_what_fails_in_the_other_process_is_said(decoder_file, tmp_path):
    """A call that fails leaves the peer alive; a process that dies, or a file that is none, is an error."""
    z = np.zeros((2, 3), np.float32)
    with processes.peers(decoder_file) as (_, found):
        peer = next(peer for peer in found if peer.name == "tf.function")
        with pytest.raises(processes.PeerError, match=r"tf\.function failed: .*Error"):
            peer.images(np.zeros((2, 7), np.float32))
        assert peer.images(z).shape == (2, 18, 14, 3)
        for child in multiprocessing.active_children():
            child.kill()
        with pytest.raises(processes.PeerError, match="is gone"):
            peer.images(z)
    broken = tmp_path / "decoder.keras"
    broken.write_bytes(b"nothing")
    with pytest.raises(processes.PeerError, match="cannot be prepared"), processes.peers(broken):
        pass
