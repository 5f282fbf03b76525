"""A listing of pictures becomes a set of images, and what is wrong with them is reported."""

import dataclasses
import io
import warnings

import numpy as np
import pytest
from PIL import Image

from vaecli.data.collection.load import IN_MEMORY_BYTES, load_collection
from vaecli.data.collection.report import BadFile
from vaecli.data.file_images import StreamedImages
from vaecli.data.photo.reading import Reading, ReadingOptions
from vaecli.errors import DataError, MissingPartError

SQUARE = ReadingOptions(size=(32, 32), colour="grey")
BAD_FILES = {
    "empty.png": (b"", "got an empty file"),
    "text.png": (b"this is no picture at all\n", "got a text file"),
    "noise.png": (np.random.default_rng(0).bytes(300), "unknown kind"),
    "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "EPS"),
}


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_pixels_are_those_of_the_files(pictures, write, listing_of, pixels_of):
    """Images of the right size are taken over as they are, in the order of the listing, read-only."""
    write(pictures, 70)
    images = load_collection(listing_of(pictures), "train", ReadingOptions())
    assert np.array_equal(images.images[..., 0], [pixels_of(number) for number in range(70)])
    assert not images.images.flags.writeable
    assert images.reading == Reading(height=32, width=32, channels=1) and images.kind == "folder"
    assert images.held_out is None and images.report.bad_files == () and images.report.layout == "flat"


def test_members_of_an_archive(pictures, write, listing_of, members):
    """Bytes in place of paths give the same images."""
    write(pictures, 9, channels=3)
    from_files = load_collection(listing_of(pictures), "train", ReadingOptions())
    write(pictures.with_name("other"), 9, channels=3)
    listing = listing_of(pictures.with_name("other"), contents=members)
    assert np.array_equal(load_collection(listing, "train", ReadingOptions()).images, from_files.images)


def test_parts_and_labels(pictures, write, listing_of, pixels_of):
    """Train has the validation pictures, marked; test has its own; labels go along."""
    for number, part in enumerate(["test", "train", "validation"]):
        write(pictures / part, 4, start=4 * number)
    listing = listing_of(pictures, labels=np.arange(12), class_names=tuple("abcdefghijkl"))
    train, test = (load_collection(listing, split, ReadingOptions()) for split in ("train", "test"))
    assert train.held_out.tolist() == [False] * 4 + [True] * 4 and test.held_out is None
    assert train.labels.tolist() == list(range(4, 12)) and test.labels.tolist() == [0, 1, 2, 3]
    assert np.array_equal(train.images[5, :, :, 0], pixels_of(9))
    assert np.array_equal(test.images[2, :, :, 0], pixels_of(2))


def test_both_splits_decode_once(pictures, write, listing_of):
    """The second split finds all pictures in the cache: no file is opened again."""
    write(pictures / "train", 4)
    write(pictures / "test", 4, start=4)
    listing, calls = listing_of(pictures), []

    def counted(names):
        names = list(names)
        calls.extend(names)
        return listing.contents(names)

    counting = dataclasses.replace(listing, contents=counted)
    load_collection(counting, "train", SQUARE)
    assert sorted(calls) == sorted(listing.names)
    load_collection(counting, "test", SQUARE)
    load_collection(counting, "train", ReadingOptions())
    assert sorted(calls) == sorted(listing.names)


def test_large_sets_stay_in_their_file(pictures, listing_of, pixels_of):
    """Above the limit images are read when they are indexed, also past a bad picture."""
    side = 2048
    for number in range(9):
        Image.fromarray(pixels_of(number, side, side)).save(pictures / f"{number}.bmp")
    (pictures / "3.bmp").write_bytes(b"")
    options = ReadingOptions(size=(side, side), colour="grey")
    images = load_collection(listing_of(pictures), "train", options, allow_bad=True).images
    assert isinstance(images, np.ndarray) and images.nbytes == IN_MEMORY_BYTES
    Image.fromarray(pixels_of(9, side, side)).save(pictures / "9.bmp")
    images = load_collection(listing_of(pictures), "train", options, allow_bad=True).images
    assert isinstance(images, StreamedImages) and len(images) == 9
    for position, number in enumerate([0, 1, 2, 4, 5, 6, 7, 8, 9]):
        assert np.array_equal(images[position][..., 0], pixels_of(number, side, side))
    assert np.array_equal(images[1:5], images[np.array([1, 2, 3, 4])])


def test_no_test_part(pictures, write, listing_of):
    """The error says what to type."""
    write(pictures, 4)
    with pytest.raises(MissingPartError, match=r"no test pictures.*--split validation.*--test-split 0.1"):
        load_collection(listing_of(pictures), "test", ReadingOptions())


def test_no_training_part(pictures, write, listing_of):
    write(pictures / "test", 4)
    with pytest.raises(MissingPartError, match="no training pictures"):
        load_collection(listing_of(pictures), "train", ReadingOptions())


def test_an_empty_listing(pictures, listing_of):
    with pytest.raises(DataError, match="has no pictures"):
        load_collection(listing_of(pictures), "train", ReadingOptions())


def test_a_single_picture(pictures, write, listing_of):
    write(pictures, 1)
    with pytest.raises(DataError, match="a single picture"):
        load_collection(listing_of(pictures), "train", ReadingOptions())


@pytest.mark.parametrize("allow_bad", [False, True])
def test_only_broken_pictures(pictures, listing_of, allow_bad):
    for name, (content, _) in BAD_FILES.items():
        (pictures / name).write_bytes(content)
    with pytest.raises(DataError, match=r"None of the 4 pictures .*'drawing.eps'.*'empty.png'.*'noise.png'"):
        load_collection(listing_of(pictures), "train", ReadingOptions(), allow_bad=allow_bad)


def test_too_many_bad_pictures(pictures, write, listing_of):
    """Above 5 % the counts, three reasons and the option are named; with the option all good ones are there."""
    write(pictures, 70)
    for name, (content, _) in BAD_FILES.items():
        (pictures / name).write_bytes(content)
    with pytest.raises(
        DataError, match=r"4 of 74 pictures .*'empty.png': must be.*--allow-bad.*bad_files.csv"
    ):
        load_collection(listing_of(pictures), "train", ReadingOptions())
    images = load_collection(listing_of(pictures), "train", ReadingOptions(), allow_bad=True)
    assert len(images.images) == 70
    for bad in images.report.bad_files:
        assert BAD_FILES[bad.file][1] in bad.reason and bad.file not in bad.reason
        assert not bad.reason.endswith(".")
    assert {bad.file for bad in images.report.bad_files} == set(BAD_FILES)


def test_bad_files_of_the_listing_count(pictures, write, listing_of):
    """Files that the listing left out are bad files too; up to 5 % do not stop anything."""
    write(pictures, 38)
    (pictures / "empty.png").touch()
    bad = BadFile("link.png", "leaves the folder")
    images = load_collection(listing_of(pictures, bad_files=(bad,)), "train", ReadingOptions())
    assert [file for file, _ in images.report.bad_files] == ["link.png", "empty.png"]
    with pytest.raises(DataError, match="3 of 41"):
        load_collection(listing_of(pictures, bad_files=(bad, bad)), "train", ReadingOptions())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP"])
def test_a_truncated_file_is_bad(pictures, write, listing_of, pixels_of, kind):
    """Pictures are decoded to their end."""
    write(pictures, 3)
    content = encoded(Image.fromarray(pixels_of(9, 64, 64)), kind)
    (pictures / "cut").write_bytes(content[: len(content) * 2 // 3])
    images = load_collection(listing_of(pictures), "train", SQUARE, allow_bad=True)
    assert [bad.file for bad in images.report.bad_files] == ["cut"] and len(images.images) == 3


def kinds_of_pictures(pixels_of):
    """Return pictures of many kinds: name -> (content, expected pixel of the top left corner in RGB)."""
    red, green = (254, 0, 0), (0, 255, 1)
    frames = [Image.new("P", (40, 40), 0) for _ in range(2)]
    frames[0].putpalette([*red, *green])
    frames[1].putpalette([*green, *red])
    clear = Image.new("P", (40, 40), 0)
    clear.putpalette([*red, *green])
    ramp = np.linspace(0, 65535, 1600).astype(np.uint16).reshape(40, 40)
    exif = Image.Exif()
    exif[0x0112] = 6  # the left column of the file is the top row of the picture
    turned = Image.new("RGB", (40, 40), red)
    turned.paste(green, (0, 20, 40, 40))
    return {
        "animated.gif": (encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), red),
        "cmyk.jpg": (
            encoded(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG", quality=100),
            (255, 0, 0),
        ),
        "palette.png": (encoded(clear, "PNG", transparency=0), (255, 255, 255)),
        "sixteen.png": (encoded(Image.fromarray(ramp), "PNG"), (13, 13, 13)),  # 82 of 1,599 steps
        "one.png": (encoded(Image.new("1", (40, 40), 1), "PNG"), (255, 255, 255)),
        "float.tiff": (encoded(Image.fromarray(np.full((40, 40), 0.5, np.float32)), "TIFF"), (128, 128, 128)),
        "turned.jpg": (encoded(turned, "JPEG", exif=exif, quality=100), green),
        "tiny.png": (encoded(Image.new("RGB", (1, 1), red), "PNG"), red),
        "long.png": (encoded(Image.new("RGB", (20_000, 10), red), "PNG"), red),
        "misnamed.png": (encoded(Image.new("RGB", (40, 40), green), "BMP"), green),
        "clear.png": (encoded(Image.new("RGBA", (40, 40), (*red, 0)), "PNG"), (255, 255, 255)),
    }


def test_every_kind_of_picture(pictures, listing_of, pixels_of):
    """Each becomes an image of its colours; nothing warns, and names of all letters are kept."""
    kinds = kinds_of_pictures(pixels_of)
    for name, (content, _) in kinds.items():
        (pictures / f"ü 'x' {name}").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = load_collection(listing_of(pictures), "train", ReadingOptions(size=(40, 40), colour="rgb"))
    assert images.report.bad_files == () and len(images.images) == len(kinds)
    for name, image in zip(sorted(kinds), images.images, strict=True):
        expected = np.array(kinds[name][1], np.int64)
        assert np.abs(image[2, 2] - expected).max() < 8, name


def test_dark_pictures_stay_dark(pictures, write, listing_of):
    """Pictures of a training set are not brightened one by one."""
    write(pictures, 2)
    Image.new("L", (32, 32), 3).save(pictures / "a.png")
    images = load_collection(listing_of(pictures), "train", ReadingOptions()).images
    assert (images[2] == 3).all()


def test_too_many_pixels(pictures, write, listing_of):
    """A decompression bomb is a bad file: no warning becomes an error, nothing is decoded."""
    write(pictures, 3)
    Image.new("1", (10_000, 9_500)).save(pictures / "bomb.png")
    images = load_collection(listing_of(pictures), "train", SQUARE, allow_bad=True)
    ((name, reason),) = images.report.bad_files
    assert name == "bomb.png" and "at most 80,000,000 pixels" in reason


def test_duplicates_and_leaks(pictures, write, listing_of):
    """Equal pixels count, whatever the format; a picture of another size or mode is another picture."""
    write(pictures / "train", 4)
    with Image.open(pictures / "train/0001.png") as image:
        image.save(pictures / "train/again.bmp")
        image.save(pictures / "test.png")
        image.resize((64, 64), Image.Resampling.NEAREST).save(pictures / "train/larger.png")
    write(pictures / "test", 1, start=9)
    (pictures / "test.png").rename(pictures / "test/leaked.png")
    write(pictures / "validation", 3, start=2)
    report = load_collection(listing_of(pictures), "train", SQUARE).report
    assert (report.duplicates, report.leaked) == (1, 3)


def test_a_file_that_changes_or_vanishes(pictures, write, listing_of, pixels_of):
    """Between listing and decoding: both are bad files; the next run reads what is there then."""
    write(pictures, 60)
    listing = listing_of(pictures)
    Image.fromarray(pixels_of(99, 64, 64)).save(pictures / "0003.png")
    content = (pictures / "0005.png").read_bytes()
    (pictures / "0005.png").unlink()
    images = load_collection(listing, "train", SQUARE)
    reasons = dict(images.report.bad_files)
    assert "changed while" in reasons["0003.png"] and "removed while" in reasons["0005.png"]
    assert len(images.images) == 58
    (pictures / "0005.png").write_bytes(content)
    images = load_collection(listing_of(pictures), "train", SQUARE)
    assert images.report.bad_files == () and np.array_equal(images.images[5, ..., 0], pixels_of(5))


def test_the_folder_is_not_written_to(pictures, write, listing_of, contents):
    write(pictures, 5)
    before = contents(pictures)
    load_collection(listing_of(pictures), "train", ReadingOptions())
    assert contents(pictures) == before


def test_progress(pictures, write, listing_of):
    """It ends at the number of pictures, and never goes back."""
    write(pictures, 150)
    reports = []
    load_collection(listing_of(pictures), "train", SQUARE, progress=lambda *report: reports.append(report))
    assert reports[-1][1:] == (150, 150) and sorted(reports) == reports


def test_sizes_are_upright(pictures, write, listing_of):
    """A photo that a camera stored on its side counts as it is seen."""
    write(pictures, 2, height=40, width=30)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (200, 100), (9, 90, 200)).save(pictures / "photo.jpg", exif=exif)
    report = load_collection(listing_of(pictures), "train", ReadingOptions()).report
    assert report.sizes == ((30, 40), (30, 40), (100, 200))


def test_sizes_and_modes(pictures, write, listing_of):
    """The report has the sizes in the files, and how many pictures have each mode, the most frequent first."""
    write(pictures, 1, height=9, width=7)
    write(pictures, 3, height=20, width=30, start=1, channels=3)
    write(pictures, 1, height=80, width=40, start=4)
    report = load_collection(listing_of(pictures), "train", ReadingOptions()).report
    assert report.sizes == ((7, 9), (30, 20), (40, 80)) and report.modes == {"RGB": 3, "L": 2}
