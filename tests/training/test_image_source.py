"""The same run from memory and from a file gives the same weights, to the bit."""

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx, open_idx
from vaecli.options import TrainOptions

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(epochs=2, latent_dim=2, batch_size=64, validation_split=0.2, seed=3)


def test_a_file_equals_memory(few, trainer_on, run_loop, tmp_path):
    """History and weights do not depend on where the images are."""
    (tmp_path / "images").write_bytes(encode_idx(few))
    rows, weights = [], []
    for images in (few, open_idx(tmp_path / "images")):
        trainer = trainer_on(images, OPTIONS)
        run_loop(trainer)
        last = trainer.state.history[-1]
        rows.append({name: value for name, value in last.items() if "second" not in name})
        weights.append([variable.numpy() for variable in trainer.vae.variables])
    assert rows[0] == rows[1]
    assert all(map(np.array_equal, *weights))


def test_images_are_read_ahead(few, tmp_path):
    """Images announced by `ahead` are not read again; others than those announced are read when they are needed."""
    from vaecli.training.image_source import source_of

    (tmp_path / "images").write_bytes(encode_idx(few))
    source = source_of(open_idx(tmp_path / "images"))
    first, second, third = np.arange(12).reshape(3, 2, 2)
    source.feed(first, second)
    source.reading.result()
    (tmp_path / "images").write_bytes(b"")
    fed = source.feed(second, third[:0])
    assert np.array_equal(source.images(fed)[1].numpy(), few[second[1]])
    (tmp_path / "images").write_bytes(encode_idx(few))
    source.feed(first, second)
    assert np.array_equal(source.feed(third, third[:0])[0].numpy(), few[third[0]])
