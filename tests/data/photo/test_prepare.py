import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaecli.data.named.bundled import load_mini
from vaecli.data.photo.decode import MAX_PIXELS
from vaecli.data.photo.prepare import guess_polarity, load_picture
from vaecli.errors import DataError

SHAPE = (28, 28, 1)
WIDTH, HEIGHT = 120, 90
BOX = (30, 20, 89, 49)  # the subject, 60 x 30: twice as wide as high


def draw(background, subject, mode="RGB", size=(WIDTH, HEIGHT)):
    """A plain rectangle with a notch at the top left, so that every turn of it is told from the others."""
    image = Image.new(mode, size, background)
    pen = ImageDraw.Draw(image)
    pen.rectangle(BOX, fill=subject)
    pen.rectangle((30, 20, 44, 34), fill=background)
    return image


def read(image, tmp_path, suffix="png", polarity="light-on-dark", shape=SHAPE, **options):
    path = tmp_path / f"picture.{suffix}"
    image.save(path, **options)
    return load_picture(path, shape=shape, polarity=polarity)


def subject_of(picture, threshold=128):
    """Rows and columns (top, bottom, left, right) that the light subject covers."""
    rows, columns = np.nonzero(picture.image[..., 0] > threshold)
    return rows.min(), rows.max(), columns.min(), columns.max()


def expected(level=255):
    """The subject as it must look: 28 wide, 14 high, centred, notch at the top left."""
    image = np.zeros((28, 28))
    image[7:21] = level
    image[7:14, :7] = 0
    return image


def assert_standard(picture, level=255):
    """Light subject of `level` on black, touching the frame on its longer side."""
    assert picture.image.shape == SHAPE
    assert picture.image.dtype == np.uint8
    assert np.abs(picture.image[..., 0] - expected(level)).mean() < 4
    assert subject_of(picture, level // 2) == (7, 20, 0, 27)


def as_mode(mode):
    """The dark subject on white in `mode`."""
    grey = draw(255, 0, "L")
    special = {
        "I;16": lambda: Image.fromarray(np.asarray(grey).astype(np.uint16) * 257),
        "I": lambda: Image.fromarray(np.asarray(grey).astype(np.int32) * 257),
        "F": lambda: Image.fromarray(np.asarray(grey).astype(np.float32) / 255),
        "PA": lambda: grey.convert("P").convert("PA"),
    }
    return special[mode]() if mode in special else grey.convert(mode)


MODES = {
    "1": "png",
    "L": "png",
    "LA": "png",
    "P": "png",
    "RGB": "png",
    "RGBA": "png",
    "I;16": "png",
    "I": "tiff",
    "F": "tiff",
    "CMYK": "tiff",
    "YCbCr": "tiff",
}


def survives(image, suffix):
    """Whether Pillow reads what it writes."""
    file = io.BytesIO()
    image.save(file, suffix)
    try:
        Image.open(file).load()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_the_same_picture(mode, tmp_path):
    """A dark subject on white comes out light on black, 28 pixels wide, whatever the mode of the file."""
    image = as_mode(mode)
    if mode == "YCbCr" and not survives(image, MODES[mode]):
        pytest.skip("this Pillow cannot read the YCbCr TIFF that it writes")
    picture = read(image, tmp_path, MODES[mode])
    assert_standard(picture)
    assert picture.size == (WIDTH, HEIGHT)
    assert "negated: the background is light" in picture.steps
    assert "trimmed to the subject" in picture.steps
    assert "resized from 60 x 30 to 28 x 14" in picture.steps
    assert "padded to 28 x 28" in picture.steps


@pytest.mark.parametrize("suffix", ["jpg", "bmp", "gif", "webp", "tiff", "ppm", "tga"])
def test_the_usual_formats_are_read(suffix, tmp_path):
    """PNG is not the only format."""
    assert_standard(read(draw((255, 255, 255), (0, 0, 0)), tmp_path, suffix))


@pytest.mark.parametrize("kind", ["tiff-big", "tiff-little", "png", "pgm"])
def test_sixteen_bits_are_scaled(kind, tmp_path):
    """16-bit grey, either byte order, keeps its middle tones: 65535 is white, not 255."""
    values = np.asarray(draw(0, 30_000, "I")).astype(np.uint16)
    path = tmp_path / f"x.{kind[:4].strip('-')}"
    if kind == "pgm":
        path.write_bytes(b"P5 %d %d 65535\n" % (WIDTH, HEIGHT) + values.astype(">u2").tobytes())
    elif kind == "tiff-big":
        path.write_bytes(big_endian_tiff(values))
    else:
        Image.fromarray(values).save(path)
    picture = load_picture(path, shape=SHAPE, polarity="light-on-dark")
    assert "scaled from 16 bits" in picture.steps
    assert picture.image[14, 14, 0] == round(30_000 / 257)


def big_endian_tiff(values):
    """A minimal TIFF in Motorola's order with one strip of 16-bit grey."""
    import struct

    height, width = values.shape
    tags = [(256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    tags += [(277, 3, 1), (278, 3, height), (279, 4, values.size * 2)]
    entries = b"".join(
        struct.pack(">HHI", tag, kind, 1)
        + struct.pack(">HH" if kind == 3 else ">I", *((n, 0) if kind == 3 else (n,)))
        for tag, kind, n in tags
    )
    data = values.astype(">u2").tobytes()
    start = 8 + len(data)
    return struct.pack(">2sHI", b"MM", 42, start) + data + struct.pack(">H", len(tags)) + entries + bytes(4)


def test_numbers_without_a_range_take_their_own(tmp_path):
    """Mode F outside 0 to 255, or below zero, is stretched; one that has no finite pixel is refused."""
    values = np.full((HEIGHT, WIDTH), -5.0, np.float32)
    values[20:50, 30:90] = 1000.0
    values[20:35, 30:45] = -5.0
    picture = read(Image.fromarray(values), tmp_path, "tiff")
    assert "scaled from -5 to 1000" in picture.steps
    assert_standard(picture)
    with pytest.raises(DataError, match="finite"):
        read(Image.fromarray(np.full((9, 9), np.nan, np.float32)), tmp_path, "tiff")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(orientation, tmp_path):
    """All eight orientations of a camera give the same upright picture; seven say so."""
    turned = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = draw((255, 255, 255), (0, 0, 0))
    stored = image if turned is None else image.transpose(turned)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for suffix in ("jpg", "png", "tiff"):
        picture = read(stored, tmp_path, suffix, exif=exif)
        assert_standard(picture)
        assert ("turned upright by its EXIF tag" in picture.steps) == (orientation > 1)


@pytest.mark.parametrize("polarity", ["light-on-dark", "dark-on-light"])
@pytest.mark.parametrize("subject", [20, 235])
@pytest.mark.parametrize("hidden", [0, 255])
def test_with_alpha_neither_a_dark_nor_a_light_subject_vanishes(polarity, subject, hidden, tmp_path):
    """What colour hides under the transparent part does not matter; the subject stands out from the background."""
    picture = read(draw((hidden, 0), (subject, 255), "LA"), tmp_path, polarity=polarity)
    outside, inside = (0, 235) if polarity == "light-on-dark" else (255, 20)
    assert abs(int(picture.image[14, 20, 0]) - inside) <= 1
    assert picture.image[0, 0, 0] == picture.image[8, 2, 0] == outside
    assert any("negated" in step for step in picture.steps) == (subject != inside)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_transparency_by_colour_is_alpha(mode, tmp_path):
    """PNG's tRNS chunk, in any mode that has one, makes the background transparent."""
    image = draw(255, 0, "L").convert(mode)
    white = (255, 255, 255) if mode == "RGB" else image.getpixel((0, 0))
    picture = read(image, tmp_path, transparency=white)
    assert_standard(picture)
    assert "negated: the subject is dark" in picture.steps


def test_palette_with_alpha(tmp_path):
    """A GIF with a transparent colour: background is what is transparent."""
    picture = read(draw((255, 255, 255, 0), (250, 250, 240, 255), "RGBA"), tmp_path, "gif")
    assert_standard(picture, 249)


def test_a_full_alpha_channel_changes_nothing(tmp_path):
    """RGBA without a transparent pixel is treated as RGB."""
    opaque = draw((255, 255, 255), (30, 60, 90))
    np.testing.assert_array_equal(
        read(opaque, tmp_path).image, read(opaque.convert("RGBA"), tmp_path, "webp", lossless=True).image
    )


def test_wholly_transparent_is_an_error(tmp_path):
    """There is nothing to see."""
    with pytest.raises(DataError, match="wholly transparent"):
        read(Image.new("RGBA", (50, 50), (200, 0, 0, 0)), tmp_path)


@pytest.mark.parametrize("background", [0, 30, 100, 140, 225, 255])
def test_the_background_becomes_black(background, tmp_path):
    """Off-white, grey and black backgrounds all become 0, with a contrasting subject well above it."""
    subject = 255 if background < 128 else 0
    picture = read(draw(background, subject, "L"), tmp_path)
    assert_standard(picture)


def test_a_light_subject_on_a_grey_wall_stays_light(tmp_path):
    """A plain background between the extremes is judged against its subject."""
    picture = read(draw(160, 250, "L"), tmp_path)
    assert not any("negated" in step for step in picture.steps)
    assert subject_of(picture) == (7, 20, 0, 27)


def test_noise_and_specks_do_not_stop_the_trimming(tmp_path):
    """Sensor noise of a few levels and a lone speck are border."""
    rng = np.random.default_rng(0)
    values = np.asarray(draw(240, 40, "L", (600, 450)).resize((1200, 900)), float) + rng.normal(
        0, 3, (900, 1200)
    )
    values[5, 5] = values[890, 1190] = 0
    picture = read(Image.fromarray(values.clip(0, 255).astype(np.uint8)), tmp_path)
    assert subject_of(picture, 100) == (7, 20, 0, 27)


def test_nothing_is_stretched_into_a_frame_that_is_not_square(tmp_path):
    """A 2:1 subject in a 40 x 20 frame (H x W) is 10 high, centred between rows of background."""
    picture = read(draw(255, 0, "L"), tmp_path, shape=(40, 20, 1))
    assert picture.image.shape == (40, 20, 1)
    assert subject_of(picture) == (15, 24, 0, 19)


@pytest.mark.parametrize("index", range(40))
def test_a_picture_of_the_exact_size_is_not_touched(index, tmp_path):
    """Real Fashion-MNIST images saved as PNG come back bit by bit, with no step."""
    image = load_mini("test").images[index]
    picture = read(Image.fromarray(image[..., 0]), tmp_path)
    np.testing.assert_array_equal(picture.image, image)
    assert picture.steps == ()


def test_a_negative_of_the_exact_size_is_only_negated(tmp_path):
    """White background at the model's size: negated, nothing else."""
    image = load_mini("test").images[9]
    picture = read(Image.fromarray(255 - image[..., 0]), tmp_path)
    np.testing.assert_array_equal(picture.image, image)
    assert picture.steps == ("negated: the background is light",)


def test_an_enlarged_item_comes_back_as_itself(tmp_path):
    """A Fashion-MNIST boot, enlarged ten times, negated and put off centre on white, is itself again."""
    image = load_mini("test").images[9, ..., 0]
    photo = Image.new("L", (640, 480), 255)
    photo.paste(Image.fromarray(255 - image).resize((280, 280), Image.Resampling.NEAREST), (300, 50))
    picture = read(photo.convert("RGB"), tmp_path)
    difference = np.abs(picture.image[..., 0].astype(int) - centred(image))
    assert difference.mean() < 8


def centred(image):
    """The image with its subject's box in the middle of the frame, as the conversion puts it."""
    rows, columns = np.nonzero(image > 12)
    box = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(int)
    scale = 28 / max(box.shape)
    size = round(box.shape[1] * scale), round(box.shape[0] * scale)
    resized = np.asarray(Image.fromarray(box.astype(np.uint8)).resize(size, Image.Resampling.LANCZOS))
    canvas = np.zeros((28, 28), int)
    top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = resized
    return canvas


def test_colour_models_keep_colour(tmp_path):
    """Three channels and polarity any: RGB kept, nothing negated; grey is repeated."""
    picture = read(draw((250, 250, 250), (200, 30, 60)), tmp_path, shape=(32, 32, 3), polarity="any")
    assert picture.image[16, 20].tolist() == [200, 30, 60]
    assert picture.image[0, 0].tolist() == [250, 250, 250]
    assert not any("negated" in step or "grey" in step for step in picture.steps)
    grey = read(draw(255, 9, "L"), tmp_path, shape=(32, 32, 3), polarity="any")
    assert grey.image[16, 20].tolist() == [9, 9, 9]


def test_an_animation_gives_its_first_frame_and_says_so(tmp_path):
    """The first of three frames is taken."""
    frames = [draw(255, 0, "L"), Image.new("L", (WIDTH, HEIGHT), 0), draw(0, 255, "L")]
    picture = read(frames[0], tmp_path, "gif", save_all=True, append_images=frames[1:])
    assert "first of 3 frames" in picture.steps
    assert_standard(picture)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2), (27, 28), (5000, 40)])
def test_odd_sizes_are_read(size, tmp_path):
    """A single pixel, a line and a strip give a picture of the model's shape."""
    assert read(Image.new("L", size, 255), tmp_path).image.shape == SHAPE


def test_a_large_photo_tells_its_own_size(tmp_path):
    """12 million pixels are averaged down first; the report speaks of the pixels of the file."""
    picture = read(draw(255, 0, "L").resize((4000, 3000), Image.Resampling.NEAREST), tmp_path)
    assert_standard(picture)
    (step,) = [step for step in picture.steps if step.startswith("resized")]
    width, height = (int(number) for number in step.split()[2:5:2])
    assert abs(width - 2000) <= 12
    assert abs(height - 1000) <= 12


def test_bad_files_are_named(tmp_path):
    """Missing, a folder, empty, text, another kind of file: one error each, that names the file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("this is a text file, called .png")
    (tmp_path / "drawing.eps").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"
    )
    cases = {
        "absent.png": "no picture",
        "folder": "is a folder",
        "empty.png": "is empty",
        "text.png": "no picture",
        "drawing.eps": "EPS",
        "nul\0byte": "Cannot read|no picture",
    }
    for name, reason in cases.items():
        with pytest.raises(DataError, match=reason) as error:
            load_picture(tmp_path / name, shape=SHAPE, polarity="any")
        assert name in error.value.message


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tiff", "webp", "bmp"])
def test_a_file_cut_short_never_passes(suffix, tmp_path):
    """Cut anywhere in its data, a picture is refused, with an error of ours."""
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).save(
        buffer, {"jpg": "JPEG"}.get(suffix, suffix)
    )
    content, path = buffer.getvalue(), tmp_path / f"cut.{suffix}"
    for part in (0.01, 0.1, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(DataError, match="cut"):
            load_picture(path, shape=SHAPE, polarity="any")


@pytest.mark.parametrize("size", [(MAX_PIXELS // 1000, 1001), (12_000, 9_000), (30_000, 30_000)])
def test_decompression_bombs_are_not_decoded(size, tmp_path, monkeypatch):
    """Above the limit, above Pillow's warning and above Pillow's error: refused from the header alone."""
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    path = tmp_path / "bomb.png"
    path.write_bytes(content)
    for pillows_limit in (Image.MAX_IMAGE_PIXELS, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillows_limit)
        with pytest.raises(DataError, match=f"bomb.png has .*{MAX_PIXELS:,}"):
            load_picture(path, shape=SHAPE, polarity="any")


def test_polarity_is_seen_in_the_data():
    """Fashion-MNIST is light on dark, its negative dark on light, colour any."""
    images = load_mini("test").images
    assert guess_polarity(images) == "light-on-dark"
    assert guess_polarity(255 - images) == "dark-on-light"
    assert guess_polarity(np.repeat(images[:2], 3, axis=3)) == "any"
