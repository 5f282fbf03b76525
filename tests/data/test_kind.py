"""The kind of a file, decided by its content, whatever its name is."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

from vaecli.data.kind import file_kind
from vaecli.errors import DataError


def packed(mode=None, names=("a/1.png", "a/2.png")):
    """Return an archive of small files: tar in a mode of tarfile, else zip."""
    content = io.BytesIO()
    if mode is None:
        with zipfile.ZipFile(content, "w") as archive:
            for name in names:
                archive.writestr(name, b"\x89PNG\r\n\x1a\n")
    else:
        with tarfile.open(fileobj=content, mode=mode, format=tarfile.USTAR_FORMAT) as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return content.getvalue()


def old_tar():
    """Return a tar archive of the first Unix: without a magic number."""
    content = bytearray(packed("w:"))
    for start in (0, 512):
        content[start + 257 : start + 265] = bytes(8)
        content[start + 148 : start + 156] = b" " * 8
        total = sum(content[start : start + 512])
        content[start + 148 : start + 156] = f"{total:06o}\0 ".encode()
    return bytes(content)


def saved(save, *arrays, **named):
    content = io.BytesIO()
    save(content, *arrays, **named)
    return content.getvalue()


@pytest.mark.parametrize("name", ["data", "data.csv", "data.npz", "photo.jpg"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (saved(np.save, np.zeros(3)), "npy"),
        (saved(np.savez, np.zeros(3), x=np.zeros(3)), "npz"),
        (saved(np.savez_compressed, x=np.zeros(3)), "npz"),
        (packed(names=("a.npy", "a.png")), "pictures"),
        (packed(names=("a.png", "a.npy")), "pictures"),
        (packed(), "pictures"),
        (packed(names=()), "pictures"),
        (b"PK\3\4", "pictures"),
        *[(packed(mode), "pictures") for mode in ("w:", "w:gz", "w:bz2", "w:xz")],
        (old_tar(), "pictures"),
        (b"\x1f\x8b", "pictures"),
        (b"label,pixel1\n3,4\n", "pixel table"),
        (b"\xef\xbb\xbflabel,pixel1\n3,4\n", "pixel table"),
        (b"1,2\n", "pixel table"),
        (b"\n\n" + "日本,1\n".encode() * 100, "pixel table"),
        (b",".join([b"255"] * 784), "pixel table"),
    ],
)
def test_content_decides(tmp_path, name, content, kind):
    """Arrays, tables and archives are told apart under any name."""
    path = tmp_path / name
    path.write_bytes(content)
    assert file_kind(path) == kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (bytes(600), "a file of zero bytes"),
        (b"label;pixel1\n3;4\n" * 9, "a text file. A CSV file of pixels"),
        (b"<!doctype html><p>a, b", r"a web page \(HTML\)"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer.* lfs pull"),
        (b"\xff\xfel\0,\0", "must be UTF-8, got UTF-16"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive. Unpack it: 7z x"),
        (b"Rar!\x1a\x07", "a RAR archive. Unpack it"),
        (b"%PDF-1.7, ", "a PDF document"),
        (b"\x89HDF\r\n\x1a\n, ", "an HDF5 file"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture. Name its folder"),
        (b"\x80\x04\x95, \0\0", "a file of an unknown kind"),
    ],
)
def test_other_files_are_named(tmp_path, content, reason):
    """Whatever else it is, the message says it, with what --data accepts."""
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        file_kind(path)


def test_what_cannot_be_read(tmp_path):
    """A folder is no file; a file that is gone cannot be read."""
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError, match="not a plain file"):
            file_kind(path)
