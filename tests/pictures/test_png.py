"""PNG files of our own writer: Pillow reads the pixels that were written."""

import io

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.pictures import png
from vaecli.pictures.png import encoded, pieces
from vaecli.pictures.sheet import bands, plan, sheet


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (28, 28), (31, 300)])
def test_pillow_reads_what_was_written(size, channels):
    """Grey and colour, one row, one column, noise: equal pixel for pixel, and the checksums are right."""
    image = np.random.default_rng(0).integers(0, 256, (*size, channels), dtype=np.uint8)
    content = encoded(image)
    with PIL.Image.open(io.BytesIO(content)) as checked:
        checked.verify()
    with PIL.Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == {1: "L", 3: "RGB"}[channels]
        assert np.array_equal(np.atleast_3d(np.asarray(picture)), image)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("cuts", [[], [1], [10, 11, 40], list(range(1, 50))], ids=len)
def test_bands_put_together_are_the_picture(monkeypatch, cuts, threads):
    """For thin bands, bands that are cut further, and any number of threads."""
    monkeypatch.setattr(png, "BAND_BYTES", 100)  # bytes: two or three rows
    image = np.random.default_rng(0).integers(0, 256, (50, 13, 3), dtype=np.uint8)
    content = b"".join(pieces(np.split(image, cuts), image.shape, threads=threads))
    with PIL.Image.open(io.BytesIO(content)) as checked:
        checked.verify()
    with PIL.Image.open(io.BytesIO(content)) as picture:
        assert np.array_equal(np.asarray(picture), image)


def test_the_bytes_do_not_depend_on_the_threads():
    """One thread and five write the same file."""
    image = np.random.default_rng(0).integers(0, 9, (3000, 1000, 1), dtype=np.uint8)
    one, five = (b"".join(pieces([image], image.shape, threads=threads)) for threads in (1, 5))
    assert one == five


def test_our_own_files_are_known(tmp_path):
    """`is_ours` knows what this module wrote, and no PNG of Pillow, empty file, folder or missing file."""
    image = np.zeros((4, 4, 1), np.uint8)
    (tmp_path / "ours.png").write_bytes(encoded(image))
    PIL.Image.fromarray(image[..., 0]).save(tmp_path / "pillow.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    names = ("ours", "pillow", "empty", "folder", "missing")
    assert [png.is_ours(tmp_path / f"{name}.png") for name in names] == [True, False, False, False, False]


def test_a_sheet_is_no_larger_than_pillow_would_make_it():
    """A sheet of real pictures is at most 10 % larger than what Pillow writes with filters of its choice."""
    images = load_mini("test").images[:64]
    pillow = io.BytesIO()
    PIL.Image.fromarray(sheet(images)[..., 0]).save(pillow, format="PNG")
    planned = plan(64, images.shape[1:])
    ours = b"".join(pieces(bands([images], planned), planned.shape))
    assert len(ours) <= 1.1 * len(pillow.getvalue())
