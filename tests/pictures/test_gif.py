"""GIFs, read back with Pillow."""

import io
import tracemalloc

import numpy as np
import PIL.Image
import pytest

from vaecli.pictures.gif import max_frames, there_and_back, write_gif


def written(frames, **options):
    """Write a GIF and open it."""
    file = io.BytesIO()
    write_gif(file, frames, **options)
    return PIL.Image.open(io.BytesIO(file.getvalue()))


def test_there_and_back_shows_no_frame_twice_running():
    """The way back leaves out both ends, so that the loop closes; one or two frames are not changed."""
    assert there_and_back([1, 2, 3, 4]) == [1, 2, 3, 4, 3, 2]
    assert there_and_back([1, 2]) == [1, 2]
    assert there_and_back([1]) == [1]


def test_grey_frames_come_back_exactly():
    """All 256 levels are read back, frame by frame, with the time and the endless loop."""
    frames = [np.roll(np.arange(256, dtype=np.uint8), 17 * i).reshape(16, 16, 1) for i in range(5)]
    picture = written(frames, milliseconds=120, scale=2)
    assert (picture.n_frames, picture.size, picture.info["loop"]) == (5, (32, 32), 0)
    for i, frame in enumerate(frames):
        picture.seek(i)
        assert picture.info["duration"] == 120
        assert np.array_equal(np.asarray(picture.convert("L"))[::2, 1::2], frame[..., 0])


def test_colours_stay_close():
    """A few colours come back within 4 levels: one palette serves all frames."""
    colours = np.random.default_rng(0).integers(0, 255, (6, 3), dtype=np.uint8)
    frames = [np.broadcast_to(colour, (8, 8, 3)) for colour in colours]
    picture = written(frames)
    for i, colour in enumerate(colours):
        picture.seek(i)
        shown = np.asarray(picture.convert("RGB")).astype(int)
        assert np.abs(shown - colour).max() <= 4


@pytest.mark.parametrize(("size", "shown"), [(28, 224), (500, 500)])
def test_small_frames_are_enlarged(size, shown):
    """Frames of 28 pixels are enlarged to 224, large ones are not."""
    assert written([np.zeros((size, size, 1), np.uint8)]).size == (shown, shown)


@pytest.mark.parametrize(
    ("shape", "count"),
    [((28, 28, 1), 2674), ((1000, 1000, 1), 134), ((1000, 1000, 3), 44), ((20_000, 20_000, 3), 2)],
)
def test_the_number_of_frames_is_bounded_in_bytes(shape, count):
    """All frames together, enlarged, take 128 MiB at most, whatever their size; two frames always fit."""
    assert max_frames(shape) == count


@pytest.mark.parametrize("channels", [1, 3])
def test_memory_of_a_large_gif(channels):
    """As many frames of 500 x 500 as fit take no more than six times their bytes."""
    shape = (500, 500, channels)
    count = max_frames(shape) // 8
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    tracemalloc.start()
    write_gif(io.BytesIO(), (np.roll(noise, 7 * i, axis=1) for i in range(count)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * count * noise.size
