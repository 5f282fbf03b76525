"""Folders and archives as a whole: what is listed, which parts and labels, what is refused."""

import pathlib
import sys
import zipfile

import pytest

from vaecli.data.collection.listing import PARTS
from vaecli.data.collection.load import load_collection
from vaecli.data.collection.source import open_source
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
ANY = ReadingOptions()


def table(listing):
    """Return part and class of each picture by its name."""
    labels = listing.labels
    classes = (
        [None] * len(listing.names) if labels is None else [listing.class_names[label] for label in labels]
    )
    parts = [PARTS[part] for part in listing.parts]
    return dict(zip(listing.names, zip(parts, classes, strict=True), strict=True))


def put(folder, files):
    """Write files, contents by name."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def png(write, tmp_path):
    """The content of a PNG file."""
    write(tmp_path / "made", 1)
    return (tmp_path / "made" / "0000.png").read_bytes()


def test_a_listing(pictures, png):
    """Names in natural order, sizes, times and contents fit together."""
    listing = open_source(put(pictures, {"b/img10.png": png, "b/img2.png": png + b" ", "a/x.png": png}))
    assert listing.names == ["a/x.png", "b/img2.png", "b/img10.png"]
    assert listing.sizes.tolist() == [len(png), len(png) + 1, len(png)]
    assert listing.times.tolist() == [(pictures / name).stat().st_mtime_ns for name in listing.names]
    assert [path.read_bytes() for path in listing.contents(listing.names)] == [png, png + b" ", png]
    assert (listing.name, listing.location) == ("my pictures", str(pictures))
    assert (listing.class_names, listing.labels.tolist()) == (("a", "b"), [0, 1, 1])


def test_nothing_is_written_or_decoded(pictures, png, contents):
    """Listing neither changes the folder nor minds pictures that are broken."""
    put(pictures, {"a.png": png, "b.png": b"broken", "c.png": b""})
    before = contents(pictures)
    assert len(open_source(pictures).names) == 3
    assert contents(pictures) == before


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "must hold pictures, got nothing"),
        ({"notes.txt": b"My first notes", "more.md": b"# Some more"}, "must hold pictures, got .*notes.txt"),
        ({".hidden.png": b"x"}, "must hold pictures, got nothing"),
        ({f"{number}.txt": b"some text" for number in range(9)}, "and 3 more"),
    ],
)
def test_a_folder_without_pictures(pictures, files, message):
    """The error says what the folder holds instead, and what to name."""
    with pytest.raises(DataError, match=message) as caught:
        open_source(put(pictures, files))
    assert "PNG" in caught.value.hint


def test_a_folder_with_links_only(pictures):
    """The error for a folder of links to elsewhere says why they are not followed."""
    (pictures / "a.png").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match=r"got 1 that cannot be used, such as .*a\.png.*leaves the folder"):
        open_source(pictures)


def test_one_picture_and_broken_ones(pictures, png):
    """A folder with one picture, or with broken ones only, is refused once they are read."""
    put(pictures, {"a.png": png})
    with pytest.raises(DataError, match="a single picture"):
        load_collection(open_source(pictures), "train", ANY)
    put(pictures, {"a.png": b"", "b.png": b"broken" * 9, "c.png": png[:60]})
    with pytest.raises(DataError, match=r"None of the 3 pictures .* can be read"):
        load_collection(open_source(pictures), "train", ANY)


def test_splits_of_folders(pictures, png):
    """Split folders become parts, read as such."""
    files = dict.fromkeys(["train/x/1.png", "train/y/2.png", "val/x/3.png", "test/y/4.png"], png)
    listing = open_source(put(pictures, files))
    assert table(listing) == {
        "train/x/1.png": ("train", "x"),
        "train/y/2.png": ("train", "y"),
        "val/x/3.png": ("validation", "x"),
        "test/y/4.png": ("test", "y"),
    }
    assert listing.layout == "split folders train, validation, test; 2 classes"


def test_masks_beside_splits(pictures, png):
    """Pictures beside split folders are no part of the listing, nor of its contents."""
    files = dict.fromkeys(["ground_truth/bent/1.png", "test/bent/1.png", "train/good/1.png"], png)
    listing = open_source(put(pictures, files))
    assert table(listing) == {"test/bent/1.png": ("test", "bent"), "train/good/1.png": ("train", "good")}
    assert len(listing.sizes) == len(listing.times) == 2
    archive = pictures.parent / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in files:
            file.writestr(name, png + name.encode())
    listing = open_source(archive)
    assert list(listing.contents(listing.names)) == [png + name.encode() for name in listing.names]


def test_a_table_of_labels_wins(pictures, png):
    """The labels of a table count, not the folders; a line says so."""
    files = dict.fromkeys(["a/1.png", "b/2.png"], png)
    listing = open_source(
        put(pictures, files | {"metadata.csv": b"file_name,label\na/1.png,7\nb/2.png,10\n"})
    )
    assert table(listing) == {"a/1.png": ("train", "7"), "b/2.png": ("train", "10")}
    assert listing.layout == "metadata.csv: 2 labels"


def test_a_table_without_labels_leaves_the_folders(pictures, png):
    """A table that has no labels only says which pictures belong to the set: folders are classes."""
    files = dict.fromkeys(["a/1.png", "a/2.png", "b/2.png"], png)
    listing = open_source(put(pictures, files | {"metadata.csv": b"file_name\na/1.png\nb/2.png\n"}))
    assert table(listing) == {"a/1.png": ("train", "a"), "b/2.png": ("train", "b")}
    assert listing.layout == "metadata.csv: no labels; 1 picture without a row left out"


def test_tables_within_splits(pictures, png):
    """Each split folder may have its own table, of either kind."""
    files = {
        "train/1.png": png,
        "train/metadata.csv": b"file_name,label\n1.png,x\n",
        "test/1.png": png,
        "test/metadata.jsonl": b'{"file_name": "1.png", "label": "y"}\n',
    }
    listing = open_source(put(pictures, files))
    assert table(listing) == {"test/1.png": ("test", "y"), "train/1.png": ("train", "x")}
    assert listing.layout == "test/metadata.jsonl, train/metadata.csv: 2 labels; split folders train, test"


def test_a_split_of_a_table(pictures, png):
    """A column of splits makes parts without folders."""
    rows = b"file_name,label,split\n1.png,x,train\n2.png,y,test\n"
    listing = open_source(put(pictures, {"1.png": png, "2.png": png, "metadata.csv": rows}))
    assert table(listing) == {"1.png": ("train", "x"), "2.png": ("test", "y")}


def test_labels_that_do_not_match(pictures, png):
    """Rows that name no picture are bad files; pictures without a row are left out, and a line says how many."""
    rows = b"file_name,label\n1.png,x\n2.png,y\ngone.png,x\n"
    listing = open_source(
        put(pictures, {f"{number}.png": png for number in range(1, 5)} | {"metadata.csv": rows})
    )
    assert listing.names == ["1.png", "2.png"]
    assert listing.bad_files == (("gone.png", "is in metadata.csv, but not there"),)
    assert listing.layout == "metadata.csv: 2 labels; 2 pictures without a row left out"


@pytest.mark.parametrize(
    "rows",
    [
        b"file_name,label\n1.png,x,y\n",
        b"name,label\n1.png,x\n",
        b"file_name\n\xff.png\n",
        b"file_name\n2.png\n",
    ],
)
def test_a_wrong_table_is_named_with_its_folder(pictures, png, rows):
    """Whatever is wrong with it, the error says where the table is."""
    put(pictures, {"1.png": png, "metadata.csv": rows})
    with pytest.raises(DataError) as caught:
        open_source(pictures)
    assert caught.value.message.startswith(f"{pictures}: metadata.csv")
    assert caught.value.message.count(str(pictures)) == 1


def test_a_table_that_names_none(pictures, png):
    """A table whose paths lead nowhere is an error that shows one of them beside one of the pictures."""
    put(pictures, {"images/1.png": png, "metadata.csv": b"file_name,label\n1.png,x\n"})
    with pytest.raises(
        DataError, match=r"metadata.csv must name pictures, got '1\.png' where .*'images/1\.png'"
    ):
        open_source(pictures)


def test_names_of_windows_and_mac(pictures, png):
    """Rows with backslashes, or composed letters where the file has decomposed ones, meet their pictures."""
    rows = "file_name,label\ncats\\1.png,x\n\u00e9.png,y\n".encode()
    listing = open_source(put(pictures, {"cats/1.png": png, "e\u0301.png": png, "metadata.csv": rows}))
    assert sorted(label for _, label in table(listing).values()) == ["x", "y"]
    assert not listing.bad_files


def test_a_table_that_is_too_large(pictures, png):
    """A table that claims gigabytes is refused before it is read."""
    put(pictures, {"1.png": png})
    with (pictures / "metadata.csv").open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(DataError, match=r"at most [\d,]+ bytes, got 2,147,483,648 with metadata.csv"):
        open_source(pictures)


@LINUX
def test_names_that_cannot_be_printed(pictures, png, write):
    """Names with newlines, or bytes that are not UTF-8, pass through decoding, reports and names of classes."""
    folders = ["two\nlines", "byte\udcff", "кошка"]
    for number, folder in enumerate(folders):
        write(pictures / folder, 9, start=9 * number)
    (pictures / "byte\udcff" / "bad\udcfe\n.png").write_bytes(b"broken" * 9)
    loaded = load_collection(open_source(pictures), "train", ANY)
    assert loaded.class_names == ("byte\\xff", "two\\nlines", "кошка")
    assert [bad.file for bad in loaded.report.bad_files] == ["byte\udcff/bad\udcfe\n.png"]
    assert len(loaded.images) == 27


def test_a_picture_that_vanishes(pictures, write):
    """A picture that is removed after it was listed is a bad file, and the others are read."""
    write(pictures, 30)
    listing = open_source(pictures)
    (pictures / "0003.png").unlink()
    loaded = load_collection(listing, "train", ANY)
    assert [(bad.file, bad.reason.split(":")[0]) for bad in loaded.report.bad_files] == [
        ("0003.png", "is gone")
    ]
    assert len(loaded.images) == 29


def test_the_name_of_the_root(tmp_path, png, monkeypatch):
    """The current folder, one above it, and a folder with a suffix of archives have their own names."""
    put(tmp_path / "data.zip", {"a.png": png})
    monkeypatch.chdir(tmp_path / "data.zip")
    for path in (tmp_path / "data.zip", pathlib.Path(), pathlib.Path("../data.zip")):
        assert open_source(path).name == "data.zip"
    assert [path.name for path in pathlib.Path().iterdir()] == ["a.png"]


def test_an_encrypted_archive(tmp_path, png):
    """An archive of encrypted pictures is an error that says so, and what to do."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.png", png)
    path.write_bytes(path.read_bytes().replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"))
    with pytest.raises(DataError, match=r"such as .1\.png., which is encrypted") as caught:
        open_source(path)
    assert "Put copies" in caught.value.hint
