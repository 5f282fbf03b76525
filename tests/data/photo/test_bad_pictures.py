"""Pictures that nobody expects give an image or a clear error, and never a traceback."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaecli.data.photo.decode import open_picture
from vaecli.data.photo.opening import MAX_REDUCED
from vaecli.data.photo.photo_options import PhotoOptions, parse_range
from vaecli.data.photo.prepare import Preparation
from vaecli.errors import DataError, OptionError

GREY = Preparation(shape=(28, 28, 1), polarity="light-on-dark")
COLOUR = Preparation(shape=(28, 28, 3), polarity="light-on-dark")
PHOTOGRAPHS = Preparation(shape=(32, 32, 3), polarity="any", photo="resize")


def load(image, tmp_path, preparation=GREY, suffix="png", **options):
    path = tmp_path / f"picture.{suffix}"
    image.save(path)
    return preparation.load(path, PhotoOptions(**options))


def shirt(ground, colour, size=(400, 300), box=(120, 60, 280, 240)):
    """Draw a garment on a ground that has the noise of a photo."""
    image = Image.new("RGB", size, ground)
    ImageDraw.Draw(image).rectangle(box, fill=colour)
    noise = np.random.default_rng(0).normal(0, 2, (size[1], size[0], 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("colour", [0, 1, 127, 128, 254, 255])
@pytest.mark.parametrize("preparation", [GREY, COLOUR, PHOTOGRAPHS])
def test_a_picture_of_one_colour_is_read(colour, preparation, tmp_path):
    """There is no subject: an image of one colour comes out."""
    picture = load(Image.new("RGB", (300, 200), (colour,) * 3), tmp_path, preparation)
    image = picture.image
    assert image.shape == preparation.shape
    assert image.max() == image.min()
    assert any("one colour" in step for step in picture.steps) == (preparation.photo != "resize")
    assert not any("not plain" in step for step in picture.steps)


def test_a_subject_that_touches_all_borders_is_kept(tmp_path):
    """A texture from border to border fills the frame, with a warning."""
    texture = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    picture = load(Image.fromarray(texture), tmp_path)
    assert any("not plain" in step for step in picture.steps)
    assert (picture.image > 0).mean() > 0.9


def test_two_subjects_are_both_kept_with_a_warning(tmp_path):
    """Two shoes are both in the image, and a step says that there may be two subjects."""
    image = shirt((150, 120, 80), (20, 30, 120), box=(40, 100, 160, 200))
    ImageDraw.Draw(image).rectangle((240, 100, 360, 200), fill=(20, 30, 120))
    picture = load(image, tmp_path)
    assert any("more than one subject" in step for step in picture.steps)
    assert picture.image[14, 3, 0] > 100 and picture.image[14, 24, 0] > 100
    assert picture.image[14, 14, 0] == 0


@pytest.mark.parametrize("preparation", [GREY, COLOUR, PHOTOGRAPHS])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_wholly_transparent_is_refused(preparation, mode, tmp_path):
    """Nothing can be seen on it."""
    with pytest.raises(DataError, match="wholly transparent"):
        load(Image.new(mode, (50, 40)), tmp_path, preparation)


@pytest.mark.parametrize("preparation", [GREY, COLOUR, PHOTOGRAPHS])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (20_000, 10), (10, 20_000)])
def test_extreme_sizes_are_read(size, preparation, tmp_path):
    """A pixel and a thread give an image of the model's shape."""
    assert load(Image.new("RGB", size, (200, 10, 10)), tmp_path, preparation).image.shape == preparation.shape


def test_grey_pictures_for_a_colour_model_and_the_other_way_round(tmp_path):
    """Grey has three equal channels; colour becomes grey, and a step says so."""
    photo = shirt((190, 180, 170), (20, 120, 30))
    picture = load(photo.convert("L"), tmp_path, COLOUR)
    assert "RGB from grey" in picture.steps
    grey = picture.image
    assert grey.shape == (28, 28, 3)
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 0] == grey[..., 2]).all()
    picture = load(photo, tmp_path)
    assert picture.image.shape == (28, 28, 1)
    assert "grey from colour" in picture.steps


@pytest.mark.parametrize(
    ("ground", "colour", "laid_on"),
    [
        ((45, 40, 42), (200, 60, 60), "white"),
        ((150, 110, 70), (40, 50, 90), "white"),
        ((40, 40, 40), (252, 252, 252), "black"),
    ],
)
def test_garments_are_cut_out(ground, colour, laid_on, tmp_path):
    """On dark and on wood the ground is exactly black in the image; what would vanish on white is laid on black."""
    picture = load(shirt(ground, colour), tmp_path)
    assert f"cut out and laid on {laid_on}" in picture.steps
    assert (picture.image[:, 0] == 0).all() and (picture.image[:, 27] == 0).all()
    assert picture.image[14, 14, 0] > 100


def test_each_step_can_be_switched(tmp_path):
    """Cut-out, trimming, negation and preparation follow the options."""
    photo = shirt((235, 225, 215), (60, 60, 90))
    assert not any("cut out" in step for step in load(photo, tmp_path, cutout="off").steps)
    assert "trimmed to the subject" not in load(photo, tmp_path, trim=False).steps
    kept = load(photo, tmp_path, polarity="keep")
    assert kept.image[0, 0, 0] == 255 and not any("negated" in step for step in kept.steps)
    assert load(photo, tmp_path, prepare="digits").steps[-1] == "centred by mass in 28 x 28"
    whole = load(photo, tmp_path, prepare="resize").image
    assert whole.max() < 255
    negative = load(photo, tmp_path, prepare="resize", polarity="dark-on-light")
    assert (negative.image == 255 - whole).all() and "negated: the background is light" in negative.steps
    assert (load(photo, tmp_path, prepare="resize", polarity="keep").image == whole).all()
    forced = load(Image.new("L", (28, 28), 100), tmp_path, polarity="dark-on-light")
    assert forced.image[0, 0, 0] == 155
    with pytest.raises(DataError, match="must have 28 x 28 pixels, got 400 x 300"):
        load(photo, tmp_path, prepare="none")
    assert load(Image.new("L", (28, 28), 100), tmp_path, prepare="none").steps == ()


def test_the_range_of_values(tmp_path):
    """A range in the file is stretched to black and white; `full` leaves a faint picture as it is."""
    values = np.full((28, 28), 100, np.uint16)
    values[14:] = 4095
    picture = load(Image.fromarray(values), tmp_path, value_range=(100, 4095), polarity="keep")
    assert set(picture.image.ravel().tolist()) == {0, 255}
    mask = Image.fromarray((values > 200).astype(np.uint8))
    assert load(mask, tmp_path, value_range="full").image.max() == 1
    assert load(mask, tmp_path).image.max() == 255
    stretched = load(Image.new("LA", (28, 28), (50, 255)), tmp_path, value_range=(0, 100), polarity="keep")
    assert stretched.image[0, 0, 0] in (127, 128)


def test_ranges_are_parsed():
    """Two words and two values; anything else is a usage error."""
    assert (parse_range("auto"), parse_range("full"), parse_range("0:4095")) == ("auto", "full", (0, 4095))
    for text in ("", "x", "1", "5:5", "9:1", "0:nan", "0:inf", "1:2:3"):
        with pytest.raises(OptionError, match="--range must be"):
            parse_range(text)


def test_large_jpegs_are_read_at_a_part_of_their_size(tmp_path):
    """108 megapixels in one colour are decoded at an eighth, and the step says so."""
    path = tmp_path / "large.jpg"
    Image.new("L", (12_000, 9_000), 200).save(path, quality=60)
    opened = open_picture(path)
    assert opened.size == (12_000, 9_000)
    assert max(opened.image.size) <= 2_000
    assert "read at 1/8 of its size" in opened.steps


@pytest.mark.parametrize(("progressive", "claimed"), [(True, (12_000, 9_000)), (False, (60_000, 60_000))])
def test_jpegs_that_are_too_large_are_refused_with_the_size_that_works(progressive, claimed, tmp_path):
    """A progressive one would be in memory as a whole; any above the limit is refused from its header."""
    file = io.BytesIO()
    Image.new("L", (16, 16), 200).save(file, "JPEG", progressive=progressive)
    content = bytearray(file.getvalue())
    start = content.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    content[start + 5 : start + 9] = claimed[1].to_bytes(2) + claimed[0].to_bytes(2)
    path = tmp_path / "large.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"must have at most") as error:
        open_picture(path)
    width, height = (int(word.replace(",", "")) for word in error.value.hint.split() if word[0].isdigit())
    assert width * height <= MAX_REDUCED
    assert width / height == pytest.approx(claimed[0] / claimed[1], rel=1e-3)


def test_a_png_above_all_limits_is_refused_with_the_size_that_works(tmp_path):
    """Pillow refuses it before its size is known; the hint is the same."""
    file = io.BytesIO()
    Image.new("L", (16, 16), 200).save(file, "PNG")
    content = bytearray(file.getvalue())
    content[16:24] = (20_000).to_bytes(4) + (20_000).to_bytes(4)
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    path = tmp_path / "large.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"must have at most") as error:
        open_picture(path)
    assert "10,000 x 8,000 pixels" in error.value.hint
