"""A file that is something else than its name says is recognised."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from vaecli.data.idx.format import encode_idx
from vaecli.foreign import START, identify

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 9912422\n"


def picture(kind):
    buffer = io.BytesIO()
    Image.new("L", (9, 9)).save(buffer, kind)
    return buffer.getvalue()


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "content")
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


KINDS = {
    "a Git LFS pointer": POINTER,
    "a git-annex pointer": b"/annex/objects/SHA256E-s9912422--440fcabf.gz\n",
    "a web page": b"\n<!DOCTYPE html><html><head><title>Log in</title>",
    "an XML text": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "a PNG picture": picture("PNG"),
    "a JPEG picture": picture("JPEG"),
    "a GIF picture": picture("GIF"),
    "a TIFF picture": picture("TIFF"),
    "a WebP picture": picture("WEBP"),
    "a HEIC photo": bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(20),
    "a video": bytes([0, 0, 0, 24]) + b"ftypisom" + bytes(20),
    "a gzip file": gzip.compress(b"x"),
    "a ZIP archive": zipped(),
    "a tar archive": tarred(),
    "a bzip2 file": bz2.compress(b"x"),
    "an xz file": lzma.compress(b"x"),
    "an IDX file of images": encode_idx(np.zeros((2, 3, 3), np.uint8)),
    "an IDX file of labels": encode_idx(np.zeros(2, np.uint8)),
    "a file of zero bytes": bytes(100),
    "a text file": "Über die Größe der Bilder ".encode() * 30,
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind):
    """The first bytes of a real file of each kind are enough."""
    foreign = identify(KINDS[kind][:START], "x")
    assert foreign is not None and foreign.kind.startswith(kind)


def test_nothing_is_said_of_unknown_bytes():
    """Random bytes and nearly nothing have no name."""
    for start in (b"", b"ab", np.random.default_rng(0).bytes(START)):
        assert identify(start, "x") is None


def test_onnx_files_are_known(model_folder):
    """A model given where a picture should be is called one."""
    foreign = identify((model_folder / "decoder.onnx").read_bytes()[:START], "x")
    assert foreign is not None and foreign.kind == "an ONNX model"


def test_hints_are_commands_that_can_be_typed():
    """Names are quoted for the shell; the pointer's command runs where the file is."""
    assert identify(POINTER, "my data/a.gz").hint == "Fetch the file: git -C 'my data' lfs pull"
    assert identify(POINTER, "a.gz").hint == "Fetch the file: git -C . lfs pull"
    assert identify(gzip.compress(b"x"), "my data/a.gz").hint == "Unpack it: gunzip 'my data/a.gz'"
