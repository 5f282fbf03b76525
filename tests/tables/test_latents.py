"""`vaecli.tables.latents`: tables of latents read in chunks."""

import zipfile

import numpy as np
import pytest

from vaecli.errors import DataError
from vaecli.tables.columns import Numbers, Texts
from vaecli.tables.latents import LatentTable, holds_latents
from vaecli.tables.writing import writing_table

Z = np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32)


@pytest.fixture
def table(tmp_path):
    """A table as `encode` writes it, with names of different lengths."""
    path = tmp_path / "z.npz"
    columns = (Texts("file"), Texts("label"), Numbers("z", ("z_00", "z_01")))
    with writing_table(path, columns) as rows:
        names = [f"folder/{number}.png" for number in range(5000)]
        rows.add({"file": names, "label": ["boot", None] * 2500, "z": Z})
    return path


def test_chunks_and_texts(table):
    """All latents in order; texts of any rows, empty where there is none."""
    latents = LatentTable(table, 2)
    assert holds_latents(table) and latents.total == 5000
    np.testing.assert_array_equal(np.concatenate(list(latents.chunks())), Z)
    assert latents.texts("file", [4999, 3]) == {4999: "folder/4999.png", 3: "folder/3.png"}
    assert latents.texts("label", [0, 1]) == {0: "boot", 1: ""}
    assert latents.texts("missing", [7]) == {7: ""}


def test_latents_of_other_programs(tmp_path):
    """An array `z` alone is enough, compressed too, of any floats."""
    np.savez_compressed(tmp_path / "z.npz", z=Z.astype(np.float64))
    latents = LatentTable(tmp_path / "z.npz", 2)
    np.testing.assert_array_equal(np.concatenate(list(latents.chunks())), Z)
    assert latents.texts("file", [0]) == {0: ""}


@pytest.mark.parametrize(
    "arrays",
    [
        {"z": Z[:, :1]},
        {"z": Z[:, 0]},
        {"z": np.zeros((3, 2), np.int64)},
        {"z": np.zeros((3, 2), object)},
        {"z": np.asfortranarray(Z)},
        {"z": np.array(1.0)},
    ],
    ids=["other size", "a row", "whole numbers", "objects", "another order", "a number"],
)
def test_arrays_that_are_no_latents(tmp_path, arrays):
    """Each is an error of data; objects are never unpickled."""
    np.savez(tmp_path / "z.npz", **arrays)
    with pytest.raises(DataError, match=r"z\.npz"):
        LatentTable(tmp_path / "z.npz", 2)


def test_damaged_archives(table):
    """A changed byte of the latents, and an array that is cut off."""
    content = bytearray(table.read_bytes())
    content[content.index(Z[3000].tobytes())] ^= 1
    table.write_bytes(content)
    with pytest.raises(DataError, match="Cannot read the latents"):
        list(LatentTable(table, 2).chunks())
    with zipfile.ZipFile(table) as archive:
        member = archive.open("z.npy").read(1000)
    with zipfile.ZipFile(table, "w") as archive:
        archive.writestr("z.npy", member)
    with pytest.raises(DataError, match="cut off"):
        list(LatentTable(table, 2).chunks())


def test_other_files_hold_no_latents(tmp_path):
    """Neither images, nor text, nor what is missing."""
    np.savez(tmp_path / "images.npz", images=np.zeros((2, 3, 3), np.uint8))
    (tmp_path / "text.npz").write_text("text")
    assert not any(holds_latents(tmp_path / name) for name in ("images.npz", "text.npz", "missing.npz"))
