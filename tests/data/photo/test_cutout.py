"""A subject is cut out of grounds as people have them, and a ground that is not plain is said."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from vaecli.data.photo.cutout import cut_out

WIDTH, HEIGHT = 480, 360


def trousers():
    """Draw where the subject is: two legs with a gap between them."""
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((170, 60, 310, 300), fill=255)
    pen.rectangle((228, 130, 252, 300), fill=0)
    return mask


def bag():
    """Draw where the subject is: a body, and a handle that encloses the ground."""
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((150, 150, 330, 290), fill=255)
    pen.arc((180, 60, 300, 240), 180, 360, fill=255, width=16)
    return mask


def lay(mask, ground, colour):
    """Lay a subject of one colour on a ground (H, W, 3), with noise."""
    alpha = np.asarray(mask.filter(ImageFilter.GaussianBlur(1)), np.float64)[..., None] / 255
    values = ground * (1 - alpha) + np.array(colour) * alpha
    values += np.random.default_rng(0).normal(0, 2, values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def plain(colour=(225, 220, 215)):
    return np.full((HEIGHT, WIDTH, 3), colour, np.float64)


def uneven(_):
    return plain() * np.linspace(1, 0.5, WIDTH)[None, :, None]


def shadowed(mask):
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(14)), np.float64) / 255
    return plain() * (1 - 0.4 * np.roll(soft, (12, 16), (0, 1)))[..., None]


def table_edge(_):
    ground = plain()
    ground[200:] = (120, 130, 140)
    return ground


def wood(_):
    grain = 1 + 0.08 * np.sin(np.arange(WIDTH) / 4 + 2 * np.sin(np.arange(HEIGHT) / 60)[:, None])
    return plain((190, 150, 105)) * grain[..., None]


def dark(_):
    return plain((40, 38, 42))


def overlap(mask, truth):
    truth = np.asarray(truth) > 127
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.mark.parametrize("subject", [trousers, bag])
@pytest.mark.parametrize("ground", [uneven, shadowed, table_edge, wood, dark])
def test_a_subject_is_cut_out_with_its_gaps(subject, ground):
    """On five grounds the mask is the subject, without the ground between legs or within a handle; no warning."""
    mask = subject()
    result = cut_out(lay(mask, ground(mask), (110, 40, 90)))
    assert result is not None
    assert result.doubt == ""
    assert overlap(result.mask, mask) > 0.85
    assert not result.mask[200, 240] or subject is bag
    if ground is not table_edge:  # the handle encloses another ground than that beside the bag
        assert not result.mask[120, 240] or subject is trousers


def test_a_grey_subject_is_no_shadow():
    """Grey cloth on light paper has the colour of a shadow, but an edge."""
    result = cut_out(lay(trousers(), plain(), (150, 147, 144)))
    assert overlap(result.mask, trousers()) > 0.85


def test_a_grey_patch_of_a_grey_subject_is_no_gap():
    """Lighter cloth within a dark grey subject may be as a shadow on paper, but is like the cloth around it."""
    mask = trousers()
    image = np.array(lay(mask, plain((222, 222, 222)), (92, 92, 92)), np.float64)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    light = np.exp(-(((rows - 100) / 26) ** 2 + ((columns - 240) / 40) ** 2))
    image += 60 * light[..., None] * (np.asarray(mask)[..., None] > 127)
    result = cut_out(Image.fromarray(image.clip(0, 255).astype(np.uint8)))
    assert result.mask[80:115, 200:280].all()
    assert not result.mask[200, 240]


def test_a_dark_subject_with_a_light_outline_is_filled():
    """The inside of an outline is the subject even if it is like the ground, when it is nearly all there is."""
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((140, 60, 340, 300), fill=255)
    ground = plain((30, 30, 32))
    image = lay(mask, ground, (33, 30, 30))
    ImageDraw.Draw(image).rectangle((140, 60, 340, 300), outline=(230, 230, 230), width=8)
    result = cut_out(image)
    assert overlap(result.mask, mask) > 0.85


def clutter(kind):
    rng = np.random.default_rng(0)
    if kind == "checks":
        rows, columns = np.mgrid[:HEIGHT, :WIDTH] // 30
        return np.where(((rows + columns) % 2)[..., None] == 0, [40.0, 60, 160], [230.0, 225, 220])
    cells = {"flowers": (24, 32), "gravel": (90, 120)}[kind]
    coarse = Image.fromarray(rng.integers(0, 256, (*cells, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float64)


@pytest.mark.parametrize("kind", ["checks", "flowers", "gravel"])
def test_a_cluttered_ground_is_said(kind):
    """On checks, flowers and gravel the cut-out is doubtful."""
    result = cut_out(lay(trousers(), clutter(kind), (60, 20, 30)))
    assert result is None or result.doubt == "the background is not plain"


def test_a_narrow_gap_on_a_dark_ground_is_no_part_of_a_light_subject():
    """A gap of a few pixels between trouser legs, and the blurred rim of the outline, are not left on white."""
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((170, 60, 310, 300), fill=255)
    pen.rectangle((237, 130, 244, 300), fill=0)
    truth = np.asarray(mask) > 127
    image = lay(mask.filter(ImageFilter.GaussianBlur(2)), plain((40, 38, 42)), (225, 190, 200))
    result = cut_out(image)
    assert overlap(result.mask, mask) > 0.85
    assert not result.mask[140:290, 240].any()
    assert np.percentile(np.asarray(image)[result.mask], 1) > 100
    assert result.mask[truth].mean() > 0.85
