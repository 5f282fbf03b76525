"""The recipe in a PNG or GIF: round trip, other people's files, and files made to harm."""

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaecli.errors import DataError
from vaecli.pictures import png
from vaecli.pictures.embedded import MAX_RECIPE, embedded_text, is_picture
from vaecli.pictures.gif import write_gif

IMAGE = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
TEXT = '{"kind":"sample"}'


def chunk(kind, content, checksum=None):
    """Return a PNG chunk, its checksum right unless another is given."""
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def with_chunks(*chunks, image=IMAGE):
    """Return our PNG without a recipe, with chunks between its header and its pixels."""
    content = png.encoded(image)
    return content[:33] + b"".join(chunks) + content[33:]


@pytest.fixture
def read(tmp_path):
    """Write bytes as a file and return the recipe that it carries."""

    def read(content):
        path = tmp_path / "a.bin"
        path.write_bytes(content)
        return embedded_text(path)

    return read


def test_a_png_carries_its_recipe(read):
    """It comes back as it was; Pillow reads it under its key, and the pixels do not change."""
    content = png.encoded(IMAGE, recipe=TEXT)
    assert read(content) == TEXT and read(png.encoded(IMAGE)) is None
    with PIL.Image.open(io.BytesIO(content)) as picture:
        assert picture.text["vaecli"] == TEXT
        assert np.array_equal(np.asarray(picture), IMAGE[..., 0])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("length", [17, 255, 256, 3000])
def test_a_gif_carries_its_recipe(read, channels, length):
    """In blocks of 255 bytes, for grey and for colour, and for several frames."""
    text = "{" + "x" * (length - 1)
    file = io.BytesIO()
    write_gif(file, [np.repeat(IMAGE + i, channels, axis=-1) for i in range(3)], recipe=text)
    assert read(file.getvalue()) == text
    file = io.BytesIO()
    write_gif(file, [np.repeat(IMAGE, channels, axis=-1)] * 2)
    assert read(file.getvalue()) is None


def test_pictures_of_others_carry_none(read):
    """Texts under other keys, compressed texts under ours, and comments of a GIF are none of ours."""
    texts = PIL.PngImagePlugin.PngInfo()
    texts.add_text("Title", "vaecli")
    texts.add_text("vaecli", TEXT, zip=True)
    texts.add_itxt("vaecli", TEXT)
    picture = PIL.Image.fromarray(IMAGE[..., 0])
    for options in ({"format": "PNG", "pnginfo": texts}, {"format": "GIF", "comment": b"made by hand"}):
        file = io.BytesIO()
        picture.save(file, **options)
        assert read(file.getvalue()) is None


@pytest.mark.parametrize("length", [MAX_RECIPE, 2**30, 2**32 - 1])
def test_a_huge_text_is_refused_before_it_is_read(read, length):
    """The length that a chunk claims decides; nothing of that size is read."""
    claimed = struct.pack(">I", length) + b"tEXt" + png.RECIPE_KEY + b"\0{"
    with pytest.raises(
        DataError, match="must have at most 65,536 bytes" if length > MAX_RECIPE else "too early"
    ):
        read(with_chunks()[:33] + claimed)


def test_a_compressed_text_is_not_unpacked(read):
    """64 MiB of zeros in a zTXt chunk of our key take no memory."""
    bomb = chunk(b"zTXt", b"vaecli\0\0" + zlib.compress(bytes(2**26), 9))
    tracemalloc.start()
    assert read(with_chunks(bomb)) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_a_wrong_checksum_is_refused(read):
    """A recipe that was changed in place is damaged."""
    content = b"vaecli\0" + TEXT.encode()
    assert read(with_chunks(chunk(b"tEXt", content))) == TEXT
    with pytest.raises(DataError, match="checksum"):
        read(with_chunks(chunk(b"tEXt", content, checksum=1)))


def test_a_gif_with_a_huge_comment_is_refused(read):
    """Its blocks are counted as they are read."""
    blocks = (b"\xff" + b"{" * 255) * 300
    with pytest.raises(DataError, match="at most 65,536 bytes"):
        read(b"GIF89a" + bytes(7) + b"\x21\xfe" + blocks + b"\0;")


@pytest.mark.parametrize("kind", ["png", "gif"])
def test_files_that_are_cut_off(read, kind):
    """At every byte: an error of data or an answer, never another exception."""
    file = io.BytesIO()
    write_gif(file, [IMAGE], scale=1, recipe=TEXT)
    content = file.getvalue() if kind == "gif" else png.encoded(IMAGE, recipe=TEXT)
    for length in range(8, len(content)):
        try:
            assert read(content[:length]) in {None, TEXT}
        except DataError as error:
            assert "too early" in str(error)


@given(kind=st.sampled_from(["png", "gif"]), place=st.integers(8, 10**6), value=st.integers(0, 255))
def test_files_with_one_wrong_byte(tmp_path_factory, kind, place, value):
    """An answer or an error of data, never another exception."""
    file = io.BytesIO()
    write_gif(file, [IMAGE], scale=1, recipe=TEXT)
    content = bytearray(file.getvalue() if kind == "gif" else png.encoded(IMAGE, recipe=TEXT))
    content[8 + place % (len(content) - 8)] = value
    path = tmp_path_factory.getbasetemp() / "wrong.bin"
    path.write_bytes(content)
    try:
        text = embedded_text(path)
    except DataError:
        return
    assert text is None or len(text) <= MAX_RECIPE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_no_picture(tmp_path):
    """It is not opened, which would wait for a writer."""
    os.mkfifo(tmp_path / "a.png")
    assert not is_picture(tmp_path / "a.png")


def test_what_is_a_picture(tmp_path):
    """The first bytes decide, not the suffix; a missing file and a folder are none."""
    (tmp_path / "a.onnx").write_bytes(png.encoded(IMAGE))
    (tmp_path / "b.png").write_text("text")
    names = ["a.onnx", "b.png", "missing.png", "."]
    assert [is_picture(tmp_path / name) for name in names] == [True, False, False, False]
