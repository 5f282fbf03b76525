"""The same run from memory and from a file: the same weights, to the bit."""

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx, open_idx
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(epochs=2, latent_dim=2, batch_size=64, validation_split=0.2, seed=3)


def test_streamed_equals_resident(few, trainer_on, tmp_path):
    (tmp_path / "images").write_bytes(encode_idx(few))
    rows = []
    for images in (few, open_idx(tmp_path / "images")):
        trainer = trainer_on(images, OPTIONS)
        trainer.run({}, saved=lambda state: None, watch=Watcher(), stop=lambda: None)
        row = {name: value for name, value in trainer.state.history[-1].items() if "second" not in name}
        rows.append((row, [variable.numpy() for variable in trainer.vae.variables]))
    assert rows[0][0] == rows[1][0]
    assert all(map(np.array_equal, rows[0][1], rows[1][1]))


def test_what_lies_ahead_is_read_by_then(few, tmp_path):
    """Told what comes next, it does not go to the file again; told wrongly, it gives the right images."""
    from vaecli.training.image_source import source_of

    (tmp_path / "images").write_bytes(encode_idx(few))
    streamed = open_idx(tmp_path / "images")
    source = source_of(streamed)
    first, second, third = np.arange(12).reshape(3, 2, 2)
    source.feed(first, second)
    source._coming[1].result()
    (tmp_path / "images").write_bytes(b"")
    fed = source.feed(second, third[:0])
    assert np.array_equal(source.images(fed)[1].numpy(), few[second[1]])
    (tmp_path / "images").write_bytes(encode_idx(few))
    source.feed(first, second)
    assert np.array_equal(source.feed(third, third[:0])[0].numpy(), few[third[0]])
