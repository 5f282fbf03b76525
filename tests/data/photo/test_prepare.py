"""A user's picture, of any kind, becomes an image like those that the model was trained on."""

import dataclasses
import io
import pathlib
import re
import runpy
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaecli.data.named.bundled import load_mini
from vaecli.data.photo.decode import open_picture
from vaecli.data.photo.opening import MAX_PIXELS
from vaecli.data.photo.prepare import Preparation
from vaecli.data.photo.reading import Reading
from vaecli.errors import DataError, OptionError

SHAPE = (28, 28, 1)
LIGHT_ON_DARK = Preparation(shape=SHAPE, polarity="light-on-dark")
ANY = Preparation(shape=SHAPE, polarity="any")
WIDTH, HEIGHT = 120, 90
STORED = runpy.run_path(str(pathlib.Path(__file__).parents[3] / "examples/make/make_scenes.py"))["STORED"]
BOX = (30, 20, 89, 49)  # the subject, 60 x 30: twice as wide as high


def draw(background, subject, mode="RGB", size=(WIDTH, HEIGHT)):
    """Draw a plain rectangle with a notch at the top left, so that all its orientations differ."""
    image = Image.new(mode, size, background)
    pen = ImageDraw.Draw(image)
    pen.rectangle(BOX, fill=subject)
    pen.rectangle((30, 20, 44, 34), fill=background)
    return image


def read(image, tmp_path, suffix="png", polarity="light-on-dark", *, shape=SHAPE, photo="fashion", **options):
    path = tmp_path / f"picture.{suffix}"
    image.save(path, **options)
    return Preparation(shape=shape, polarity=polarity, photo=photo).load(path)


def subject_of(picture, threshold=128):
    """Return the rows and columns (top, bottom, left, right) that the light subject covers."""
    rows, columns = np.nonzero(picture.image[..., 0] > threshold)
    return rows.min(), rows.max(), columns.min(), columns.max()


def expected(level=255):
    """Return the subject as it must look: 28 wide, 14 high, centred, notch at the top left."""
    image = np.zeros((28, 28))
    image[7:21] = level
    image[7:14, :7] = 0
    return image


def assert_standard(picture, level=255):
    """Assert a light subject of `level` on black that touches the frame on its longer side."""
    assert picture.image.shape == SHAPE
    assert picture.image.dtype == np.uint8
    assert np.abs(picture.image[..., 0] - expected(level)).mean() < 4
    assert subject_of(picture, level // 2) == (7, 20, 0, 27)


def as_mode(mode):
    """Return the dark subject on white in `mode`."""
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
    """Say whether Pillow reads what it writes."""
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
    """All common formats give the same picture as PNG."""
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
    picture = LIGHT_ON_DARK.load(path)
    assert "scaled from 16 bits" in picture.steps
    assert picture.image[14, 14, 0] == round(30_000 / 257)


def big_endian_tiff(values):
    """Return a minimal TIFF in Motorola's byte order with one strip of 16-bit grey."""
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
    """All eight orientations of a camera give the same upright picture; seven have a step for it."""
    turned = STORED[orientation]
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
    """The colour under the transparent part does not matter; the subject stands out from the background."""
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
    """The transparent colour of a GIF is background."""
    picture = read(draw((255, 255, 255, 0), (250, 250, 240, 255), "RGBA"), tmp_path, "gif")
    assert_standard(picture, 249)


def test_a_full_alpha_channel_changes_nothing(tmp_path):
    """RGBA without a transparent pixel is treated as RGB."""
    opaque = draw((255, 255, 255), (30, 60, 90))
    np.testing.assert_array_equal(
        read(opaque, tmp_path).image, read(opaque.convert("RGBA"), tmp_path, "webp", lossless=True).image
    )


def test_wholly_transparent_is_an_error(tmp_path):
    """A picture without an opaque pixel is refused."""
    with pytest.raises(DataError, match="wholly transparent"):
        read(Image.new("RGBA", (50, 50), (200, 0, 0, 0)), tmp_path)


@pytest.mark.parametrize("background", [0, 30, 100, 140, 225, 255])
def test_the_background_becomes_black(background, tmp_path):
    """Off-white, grey and black backgrounds all become 0, with a contrasting subject well above it."""
    subject = 255 if background < 128 else 0
    picture = read(draw(background, subject, "L"), tmp_path)
    assert_standard(picture)


def test_a_light_subject_on_a_grey_wall_stays_light(tmp_path):
    """A plain grey background is light if it is lighter than the subject."""
    picture = read(draw(160, 250, "L"), tmp_path)
    assert not any("negated" in step for step in picture.steps)
    assert subject_of(picture) == (7, 20, 0, 27)


def test_noise_and_specks_do_not_stop_the_trimming(tmp_path):
    """Sensor noise of a few levels and lone specks are cut off with the border."""
    rng = np.random.default_rng(0)
    values = np.asarray(draw(240, 40, "L", (600, 450)).resize((1200, 900)), float) + rng.normal(
        0, 3, (900, 1200)
    )
    values[5, 5] = values[890, 1190] = 0
    picture = read(Image.fromarray(values.clip(0, 255).astype(np.uint8)), tmp_path)
    assert np.abs(np.subtract(subject_of(picture, 100), (7, 20, 0, 27))).max() <= 1


def test_nothing_is_stretched_into_a_frame_that_is_not_square(tmp_path):
    """A 2:1 subject in a 40 x 20 frame (H x W) is 10 high, centred between rows of background."""
    picture = read(draw(255, 0, "L"), tmp_path, shape=(40, 20, 1))
    assert picture.image.shape == (40, 20, 1)
    assert subject_of(picture) == (15, 24, 0, 19)


@pytest.mark.parametrize("index", range(40))
def test_a_picture_of_the_exact_size_is_unchanged(index, tmp_path):
    """Real Fashion-MNIST images saved as PNG are read bit for bit, without a step."""
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
    """A Fashion-MNIST boot, enlarged ten times, negated and placed off centre on white, is recovered."""
    image = load_mini("test").images[9, ..., 0]
    photo = Image.new("L", (640, 480), 255)
    photo.paste(Image.fromarray(255 - image).resize((280, 280), Image.Resampling.NEAREST), (300, 50))
    picture = read(photo.convert("RGB"), tmp_path)
    difference = np.abs(picture.image[..., 0].astype(int) - centred(image))
    assert difference.mean() < 8


def centred(image):
    """Return the image with its subject in the middle of the frame, as the preparation places it."""
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


def test_the_size_of_a_picture_without_a_border(tmp_path):
    """A strip that is all subject and is shrunk first has its own size in the step, not a multiple."""
    strip = np.random.default_rng(0).integers(0, 256, (20, 3001), np.uint8)
    assert "resized from 3001 x 20 to 28 x 1" in read(Image.fromarray(strip), tmp_path).steps


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2), (27, 28), (5000, 40)])
def test_odd_sizes_are_read(size, tmp_path):
    """A single pixel, a line and a strip give an image of the model's shape."""
    assert read(Image.new("L", size, 255), tmp_path).image.shape == SHAPE


def test_sizes_in_steps_are_those_of_the_file(tmp_path):
    """12 million pixels are averaged down first; the step gives sizes in pixels of the file."""
    picture = read(draw(255, 0, "L").resize((4000, 3000), Image.Resampling.NEAREST), tmp_path)
    assert_standard(picture)
    (step,) = [step for step in picture.steps if step.startswith("resized")]
    width, height = (int(number) for number in step.split()[2:5:2])
    assert abs(width - 2000) <= 12
    assert abs(height - 1000) <= 12


def test_bad_files_are_named(tmp_path):
    """Each kind of file that is no picture has its own error, which names the file and what it is."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("this is a text file, called .png")
    (tmp_path / "drawing.eps").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"
    )
    (tmp_path / "pointer.png").write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n"
    )
    (tmp_path / "page.jpg").write_bytes(b"<!DOCTYPE html><title>404</title>")
    (tmp_path / "phone.heic").write_bytes(bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(99))
    (tmp_path / "model.png").write_bytes(bytes([8, 7, 0x12, 6]) + b"vaecli")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (tmp_path / "noise.png").write_bytes(np.random.default_rng(0).bytes(300))
    (tmp_path / "file").touch()
    cases = {
        "absent.png": "no picture",
        "folder": "got a folder",
        "empty.png": "got an empty file",
        "text.png": "got a text file",
        "drawing.eps": "EPS",
        "pointer.png": "got a Git LFS pointer.* lfs pull",
        "page.jpg": "got a web page .*download the file again",
        "model.png": "got an ONNX model",
        "phone.heic": "got a HEIC photo.*Convert it to JPEG|starts like a HEIC photo",
        "broken.png": "starts like a PNG picture, but it is damaged|cannot be decoded",
        "noise.png": "got a file of an unknown kind",
        "a" * 300: "Cannot use the path",
        "file/below.png": "no picture",
        "nul\0byte": "Cannot use the path",
    }
    for name, reason in cases.items():
        with pytest.raises(DataError) as error:
            ANY.load(tmp_path / name)
        assert re.search(reason, str(error.value)), name
        assert name[:80] in error.value.message or repr(name)[1:-1] in error.value.message


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tiff", "webp", "bmp"])
def test_a_file_cut_short_never_passes(suffix, tmp_path):
    """A picture cut anywhere in its data is refused with a DataError."""
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).save(
        buffer, {"jpg": "JPEG"}.get(suffix, suffix)
    )
    content, path = buffer.getvalue(), tmp_path / f"cut.{suffix}"
    for part in (0.01, 0.1, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(DataError, match="cut"):
            ANY.load(path)


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
        with pytest.raises(DataError, match=rf"bomb\.png must have at most {MAX_PIXELS:,} pixels"):
            ANY.load(path)


FITS = ["pad", "crop", "stretch"]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
@pytest.mark.parametrize("fit", FITS)
def test_a_picture_is_read_as_the_training_pictures_were(tmp_path, fit, mode):
    """With `resize`, whatever its background: the pixels are those of the reading, and a step says so."""
    scene = draw((250, 240, 230), (200, 30, 60)).convert(mode).resize((90, 50))
    scene.save(tmp_path / "scene.png")
    reading = Reading(height=24, width=32, channels=3, fit=fit)
    preparation = Preparation(shape=(24, 32, 3), polarity="dark-on-light", photo="resize", reading=reading)
    picture = preparation.load(tmp_path / "scene.png")
    np.testing.assert_array_equal(picture.image, reading.apply(open_picture(tmp_path / "scene.png")))
    assert "as the training pictures were" in picture.steps[-1] or "as those of" in picture.steps[-1]
    assert not any("negated" in step or "trimmed" in step for step in picture.steps)


def test_a_picture_of_the_size_is_read_without_a_change(tmp_path):
    """With `resize`, a picture of the images' shape is the image, also if it is negative to the training images."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "same.png")
    reading = Reading(height=24, width=32, channels=3, fit="crop")
    preparation = Preparation(shape=(24, 32, 3), polarity="light-on-dark", photo="resize", reading=reading)
    picture = preparation.load(tmp_path / "same.png")
    np.testing.assert_array_equal(picture.image, pixels)
    assert picture.steps == ()


def test_transparent_parts_are_white_as_in_training(tmp_path):
    """With `resize`, what is transparent is white, and a wholly transparent picture is refused."""
    scene = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    scene.paste((10, 20, 30, 255), (20, 10, 40, 30))
    scene.save(tmp_path / "clear.png")
    reading = Reading(height=24, width=32, channels=3)
    preparation = Preparation(shape=(24, 32, 3), polarity="any", photo="resize", reading=reading)
    picture = preparation.load(tmp_path / "clear.png")
    assert (picture.image[0, 0] == 255).all() and (picture.image[10, 15] == (10, 20, 30)).all()
    assert "transparent parts made white" in picture.steps
    Image.new("RGBA", (64, 48), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    with pytest.raises(DataError, match="wholly transparent"):
        preparation.load(tmp_path / "clear.png")


@pytest.mark.parametrize(
    "reading", [None, *(Reading(height=28, width=28, channels=1, fit=fit) for fit in FITS)]
)
def test_whole_pictures_are_resized_and_cut_out_ones_cut_out(reading):
    """A subject on black is cut out; one on white unless the images were pictures; photographs are read whole."""
    images = load_mini("test").images[:200]
    cut_out = Preparation.of_images(images, reading)
    assert (cut_out.photo, cut_out.reading) == ("fashion", reading)
    on_white = Preparation.of_images(255 - images, reading)
    assert on_white.photo == ("fashion" if reading is None else "resize")
    colour = Preparation.of_images(
        np.repeat(images, 3, axis=3), reading and dataclasses.replace(reading, channels=3)
    )
    assert colour.photo == "resize" and colour.reading.fit == (reading.fit if reading else "pad")
    for preparation in (cut_out, on_white, colour):
        assert Preparation.from_metadata(preparation.to_metadata(), preparation.shape) == preparation


def test_metadata_round_trip():
    """A preparation written into a model file is read back as the same one."""
    for photo in ("fashion", "digits"):
        preparation = Preparation(shape=(14, 13, 1), polarity="dark-on-light", photo=photo)
        table = preparation.to_metadata()
        assert table == {"scale": 255, "polarity": "dark-on-light", "photo": photo}
        assert Preparation.from_metadata(table, (14, 13, 1)) == preparation


def test_an_empty_path_is_a_usage_error():
    """`vaecli interpolate "$A" "$B"` with a variable unset."""
    with pytest.raises(OptionError, match="PICTURES must name a file"):
        ANY.load("")


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize(("high", "bits"), [(4000, 12), (900, 10), (16_000, 14), (200, 8)])
def test_fewer_bits_in_a_16_bit_file(suffix, high, bits, tmp_path):
    """A 12-bit camera's disc on a dark ground has full contrast, and the note says how the range was read."""
    rows, columns = np.mgrid[:90, :120]
    disc = np.where((rows - 45) ** 2 + (columns - 60) ** 2 < 30**2, high, high // 80).astype(np.uint16)
    picture = read(Image.fromarray(disc), tmp_path, suffix)
    assert f"scaled from {bits} bits of 16" in picture.steps
    assert picture.image[14, 14, 0] == pytest.approx(high / (2**bits - 1) * 255, abs=4)
    assert picture.image[0, 0, 0] == 0


@pytest.mark.parametrize("high", [1, 16])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_masks_are_visible(mode, high, tmp_path):
    """A mask of 0 and 1, or of labels to 16, becomes a white subject on black, with a step for it."""
    mask = np.asarray(draw(0, high, "L"))
    image = Image.fromarray(mask.astype(np.uint16)) if mode == "I;16" else Image.fromarray(mask).convert(mode)
    picture = read(image, tmp_path)
    assert_standard(picture)
    assert f"scaled from 0 to {high}" in picture.steps


def ring(pen, size=400):
    image = Image.new("L", (size, size), 255)
    ImageDraw.Draw(image).ellipse((60, 60, size - 61, size - 61), outline=0, width=pen)
    return image


def test_digits_fill_a_smaller_box_than_clothes(tmp_path):
    """A ring drawn with a wide pen: all 28 rows for clothes, 20 x 20 in the middle for digits."""
    assert subject_of(read(ring(40), tmp_path)) == (0, 27, 0, 27)
    picture = read(ring(40), tmp_path, photo="digits")
    assert subject_of(picture) == (4, 23, 4, 23)
    assert "resized from 280 x 280 to 20 x 20" in picture.steps
    assert "centred by mass in 28 x 28" in picture.steps


def test_digits_are_centred_by_mass(tmp_path):
    """The centre of mass of a seven, which is heavy at its top, is the middle of the frame."""
    image = Image.new("L", (300, 400), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle((50, 50, 249, 99), fill=0)
    pen.rectangle((200, 50, 249, 349), fill=0)
    pixels = read(image, tmp_path, photo="digits").image[..., 0].astype(float)
    for axis in (0, 1):
        centre = (pixels.sum(axis=1 - axis) * np.arange(28)).sum() / pixels.sum()
        assert abs(centre - 13.5) <= 0.5
    top, bottom, *_ = subject_of(read(image, tmp_path, photo="digits"))
    assert (top, bottom - top + 1) != (4, 20) and bottom - top + 1 == 20


@pytest.mark.parametrize("photo", ["fashion", "digits"])
@pytest.mark.parametrize("pen", [1, 2, 3, 4])
@pytest.mark.parametrize("vertical", [True, False])
def test_a_thin_stroke_is_the_subject(photo, pen, vertical, tmp_path):
    """A line of a few pixels on 800 x 600 is trimmed to the stroke and comes out white."""
    line = ((400, 50), (400, 549)) if vertical else ((50, 300), (749, 300))
    image = Image.new("L", (800, 600), 255)
    ImageDraw.Draw(image).line(line, fill=0, width=pen)
    picture = read(image, tmp_path, photo=photo)
    top, bottom, left, right = subject_of(picture, 200)
    extent = 28 if photo == "fashion" else 20
    assert (bottom - top + 1, right - left + 1) == ((extent, 1) if vertical else (1, extent))


@pytest.mark.parametrize("size", [400, 1600])
def test_thin_strokes_that_are_averaged_away_are_strengthened(size, tmp_path):
    """A ring drawn with 2 pixels covers a small part of each new pixel; it becomes white, with a step for it."""
    picture = read(ring(2, size), tmp_path)
    assert picture.image.max() >= 250
    assert subject_of(picture, 100) == (0, 27, 0, 27)
    assert "thin strokes strengthened" in picture.steps
    assert "thin strokes strengthened" not in read(ring(40), tmp_path).steps


def lit(low, slope_x, slope_y, subject):
    """Paper of 800 x 600 under a lamp on one side, with an object in the middle."""
    columns, rows = np.arange(800)[None] / 800, np.arange(600)[:, None] / 600
    values = low + slope_x * columns + slope_y * rows
    values[200:400, 300:500] = subject
    values[200:300, 300:400] = (low + slope_x * columns + slope_y * rows)[200:300, 300:400]
    return Image.fromarray(values.round().astype(np.uint8))


@pytest.mark.parametrize(("low", "slope_x", "slope_y", "subject"), [(235, -140, -40, 40), (10, 60, 30, 220)])
@pytest.mark.parametrize(
    ("photo", "step"), [("fashion", "cut out and laid on white"), ("digits", "uneven light evened out")]
)
def test_uneven_light_is_evened_out(low, slope_x, slope_y, subject, photo, step, tmp_path):
    """With a lamp on one side of the paper, the object is light on black and its notch black."""
    picture = read(lit(low, slope_x, slope_y, subject), tmp_path, photo=photo)
    assert step in picture.steps
    pixels = picture.image[..., 0]
    first, last = (0, 27) if photo == "fashion" else (4, 23)
    assert pixels[: first + 2, : first + 2].max() <= 12
    assert pixels[12 if photo == "fashion" else 11, 12 if photo == "fashion" else 11] <= 12
    assert pixels[16 : last - 1, first + 2 : last - 1].min() > 90


def test_a_background_that_is_not_plain_has_a_note(tmp_path):
    """The note on a textured background advises what to do."""
    texture = np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8)
    assert any("background is not plain" in step for step in read(Image.fromarray(texture), tmp_path).steps)
    assert not any("plain" in step for step in read(draw(255, 0), tmp_path).steps)


def test_a_coloured_background_at_the_end_of_a_channel(tmp_path):
    """Yellow paper for a colour model with dark backgrounds: the paper is black, the object visible."""
    picture = read(draw((255, 250, 0), (30, 40, 200)), tmp_path, shape=(28, 28, 3))
    assert picture.image[0, 0].tolist() == [0, 0, 0]
    assert picture.image[16, 20].max() > 100
    light = read(draw((255, 0, 0), (0, 0, 255)), tmp_path, shape=(28, 28, 3), polarity="dark-on-light")
    assert light.image[0, 0].tolist() == [255, 255, 255]
    assert light.image[16, 20].min() < 100


def test_decoding_in_threads_leaves_the_filters_of_warnings_alone(tmp_path):
    """Eight threads that decode at once leave the filters, which belong to the whole process, as they were."""
    paths = []
    for index in range(8):
        paths.append(tmp_path / f"{index}.png")
        draw(255, 0, "L").save(paths[-1])
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(LIGHT_ON_DARK.load, paths * 8))
    assert warnings.filters == before
    assert all((picture.image == pictures[0].image).all() for picture in pictures)
