"""Pictures are opened from files and from bytes, HEIC photos too where their package is installed."""

import io
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from vaecli.data.photo.decode import decode, open_picture
from vaecli.data.photo.opening import opening
from vaecli.errors import DataError

HEIC = bytes.fromhex(
    "0000001c6674797068656963000000006d696631686569636d6961660000017d6d657461000000000000002168646c72"
    "0000000000000000706963740000000000000000000000000000000022696c6f63000000004440000100010000000001"
    "a1000100000000000000600000002369696e6600000000000100000015696e6665020000000001000068766331000000"
    "000e7069746d000000000001000000fd69707270000000dd6970636f0000007668766343010370000000900000000000"
    "1ef000fcfdf8f800000f03600001001840010c01ffff03700000030090000003000003001eba0240610001002a420101"
    "03700000030090000003000003001ea020810596eae4a6b9b8086830200000030320000003002162000100064401c173"
    "c08900000013636f6c726e636c780001000d000680000000146973706500000000000000400000004000000028636c61"
    "70000000400000000100000030000000010000000000000002fffffff000000002000000107069786900000000030808"
    "080000001869706d6100000000000000010001058102030584000000686d6461740000005c2801af09e0392324bffff9"
    "ffbffff6a1790fda5b5705fff07087dfe0e607ffef4ddd45765547cb0a716ec3b4ddd6254a30a416b1b3918f293630e7"
    "5754ef71513c9a58119506bd77dfb52cabacd01ff6b9848df568911c047d01e77e"
)  # 64 x 48, left half red, right half blue; made with pillow-heif


def test_bytes_are_opened_as_files_are(tmp_path):
    """The same picture from both; the name of a member is in the message of an error."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8))
    image.save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    with opening(content, "member.png") as opened:
        assert decode(opened).image.tobytes() == open_picture(tmp_path / "a.png").image.tobytes()
    for wrong, reason in [
        (b"", "an empty file"),
        (b"just a text", "a text file"),
        (content[:60], "cannot be"),
    ]:
        with (
            pytest.raises(DataError, match=f"^member.png .*{reason}"),
            opening(wrong, "member.png") as opened,
        ):
            decode(opened)


@pytest.mark.parametrize(("brighten", "expected"), [(True, 255), (False, 3)])
def test_dark_pictures(brighten, expected):
    """A picture that is black to the eye is scaled, if that is not switched off."""
    file = io.BytesIO()
    Image.new("L", (5, 5), 3).save(file, "PNG")
    with opening(file.getvalue()) as opened:
        assert decode(opened, brighten=brighten).image.getextrema() == (expected, expected)


def test_heic(tmp_path):
    """Several threads that meet the first HEIC photos at once all decode them, from files and from bytes."""
    (tmp_path / "phone.jpg").write_bytes(HEIC)

    def read(number):
        with opening(HEIC if number % 2 else pathlib.Path(tmp_path / "phone.jpg")) as opened:
            return np.asarray(decode(opened).image, int)

    with ThreadPoolExecutor(8) as pool:
        for pixels in pool.map(read, range(16)):
            assert pixels.shape == (48, 64, 3)
            assert np.abs(pixels[24, 8] - (200, 30, 40)).max() < 12
            assert np.abs(pixels[24, 56] - (20, 60, 220)).max() < 12
    with pytest.raises(DataError, match="cannot be decoded"), opening(HEIC[:300]) as opened:
        decode(opened)


WITHOUT_PACKAGE = """
import sys
sys.modules["pi_heif"] = None  # importing it is an ImportError
from vaecli.data.photo.opening import opening
with opening(bytes.fromhex(sys.stdin.read()), "phone.heic"):
    pass
"""


def test_heic_without_its_package():
    """The message says what to install, and how else to go on."""
    code = [sys.executable, "-c", WITHOUT_PACKAGE]
    stderr = subprocess.run(code, input=HEIC.hex(), capture_output=True, text=True, check=False).stderr
    assert re.search(r"DataError: .*vaecli\[heic\].*JPEG", stderr), stderr


def test_an_upright_picture_is_decoded_without_a_copy(tmp_path):
    """A photo of 12 megapixels is held once, not twice; one with an EXIF tag is turned, and no tag counts twice."""
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    image.save(tmp_path / "a.png")
    with opening(tmp_path / "a.png") as opened:
        assert decode(opened).image is opened
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "b.png", exif=exif)
    turned = open_picture(tmp_path / "b.png").image
    assert np.array_equal(np.asarray(turned), np.rot90(np.asarray(image), -1))
    turned.save(tmp_path / "c.png")
    assert open_picture(tmp_path / "c.png").image.tobytes() == turned.tobytes()


def test_a_picture_can_be_used_after_its_file_is_closed(tmp_path):
    """Also one that was not copied."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8))
    for suffix in ("png", "jpg", "bmp", "tiff", "webp", "ppm", "tga", "gif", "jp2"):
        path = tmp_path / f"a.{suffix}"
        image.save(path)
        with Image.open(path) as file:
            expected = file.convert("RGB").tobytes()
        opened = open_picture(path).image
        path.unlink()
        assert opened.convert("RGB").tobytes() == expected, suffix
