"""Pictures that a user names, as a stream: what each name means, in which order, and what is wrong with some."""

import os
import pathlib
import sys
import tarfile
import weakref
import zipfile

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import DataError, OptionError
from vaecli.tasks.stream.names import require_pictures
from vaecli.tasks.stream.opening import open_at_hand, open_pictures
from vaecli.tasks.stream.reports import Reports
from vaecli.tasks.stream.shard import Shard, parse_shard

CLASSES = ("boot", "shirt")


@pytest.fixture(scope="module")
def images():
    """30 test images (30, 28, 28, 1) of the bundled data set."""
    return load_mini("test").images[:30]


@pytest.fixture
def folder(here, images):
    """`pics`: two class folders of 15 PNGs each, in natural order those of `images`."""
    for number, image in enumerate(images):
        path = here / "pics" / CLASSES[number // 15] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(image[..., 0]).save(path)
    return here / "pics"


@pytest.fixture
def read(model):
    """Reads all that a stream of names holds: names, labels, images, {name: reason}."""

    def read(*names, **options):
        stream = open_pictures(model, names, **options)
        batches = list(stream)
        assert stream.total == sum(map(len, batches))
        unreadable = [picture for batch in batches for picture in batch.unreadable.values()]
        assert stream.unreadable == unreadable
        assert stream.unreadable_count == len(unreadable)
        return (
            [name for batch in batches for name in batch.names],
            [label for batch in batches for label in batch.labels],
            np.concatenate([batch.images for batch in batches]),
            {picture.name: picture.reason for picture in unreadable},
        )

    return read


def test_a_folder(read, folder, images):
    """Its pictures come in natural order, with the names of their class folders."""
    names, labels, pictures, unreadable = read("pics")
    assert names == [f"pics/{CLASSES[number // 15]}/{number}.png" for number in range(30)]
    assert labels == ["boot"] * 15 + ["shirt"] * 15
    np.testing.assert_array_equal(pictures, images)
    assert unreadable == {}


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_an_archive(read, folder, images, suffix):
    """Its members are named by the archive and their path in it."""
    files = sorted(folder.rglob("*.png"), key=lambda path: int(path.stem))
    if suffix == ".zip":
        with zipfile.ZipFile(f"a{suffix}", "w") as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(f"a{suffix}", "w:gz" if suffix.endswith("gz") else "w") as tar:
            for path in files:
                tar.add(path, path.relative_to(folder))
    names, labels, pictures, _ = read(f"a{suffix}")
    assert names[:2] == [f"a{suffix}/boot/0.png", f"a{suffix}/boot/1.png"]
    assert labels == ["boot"] * 15 + ["shirt"] * 15
    np.testing.assert_array_equal(pictures, images)


def test_globs_that_the_shell_left(read, folder, images):
    """They match as in the shell, in natural order; ** goes into folders; a match may be a folder."""
    assert read("pics/boot/[0-2].png")[0] == [f"pics/boot/{number}.png" for number in range(3)]
    names, labels, pictures, _ = read("pics/**/*.png")
    assert len(names) == 30
    assert set(labels) == {None}
    np.testing.assert_array_equal(pictures, images)
    assert read("pics/s*")[0] == [f"pics/shirt/{number}.png" for number in range(15, 30)]


def test_a_file_with_the_letters_of_a_glob(read, folder):
    """A file of that very name is that file."""
    (folder / "boot" / "0.png").rename("a[0].png")
    assert read("a[0].png")[0] == ["a[0].png"]


def test_pictures_of_the_data_set(read):
    """Indices and slices give the images as they are, with the names of their classes."""
    mini = load_mini("test")
    names, labels, pictures, _ = read("test:17", "test:0:3", "test:-2:")
    rows = [17, 0, 1, 2, 998, 999]
    assert names == [f"test:{row}" for row in rows]
    assert labels == [mini.class_names[mini.labels[row]] for row in rows]
    np.testing.assert_array_equal(pictures, mini.images[rows])
    assert read("val:3", "validation:4")[0] == ["val:3", "val:4"]


def test_a_whole_part(read):
    """Without names, all images of the part come."""
    names, _, pictures, _ = read(split="test")
    np.testing.assert_array_equal(pictures, load_mini("test").images)
    assert names[-1] == "test:999"
    validation = read(split="validation")
    assert validation[0][0] == "val:0"


def test_arrays(read, here, images):
    """Images of the model's shape are taken as they are, those of another are fitted like pictures."""
    np.save("same.npy", 255 - images)
    np.savez("labelled.npz", images=images, labels=np.arange(30) % 3)
    large = images.repeat(3, axis=1).repeat(3, axis=2)
    np.save("large.npy", large)
    names, _, pictures, _ = read("same.npy")
    assert names[29] == "same.npy:29"
    np.testing.assert_array_equal(pictures, 255 - images)
    assert read("labelled.npz")[1][:4] == ["0", "1", "2", "0"]
    PIL.Image.fromarray(large[3, ..., 0]).save("large.png")
    np.testing.assert_array_equal(read("large.npy")[2][3], read("large.png")[2][0])
    keeps = read("same.npy", photo=PhotoOptions(polarity="dark-on-light"))[2]
    np.testing.assert_array_equal(keeps, images)


def test_all_kinds_in_one_order(read, folder, images):
    """Names of all kinds mix; the order is that of the names."""
    np.save("a.npy", images[:2])
    names, *_ = read("pics/boot/3.png", "test:1", "pics/shirt", "a.npy", "pics/boot/1.png")
    shirts = [f"pics/shirt/{number}.png" for number in range(15, 30)]
    assert names == ["pics/boot/3.png", "test:1", *shirts, "a.npy:0", "a.npy:1", "pics/boot/1.png"]


def test_a_table_of_labels(read, folder):
    """metadata.csv gives the labels, and the pictures that it does not name are left out with a note."""
    (folder / "metadata.csv").write_text(
        "file_name,label\nboot/3.png,sandal\nshirt/20.png,coat\ngone.png,coat\n"
    )
    notes = []
    names, labels, _, unreadable = read("pics", reports=Reports(warn=notes.append))
    assert names == ["pics/boot/3.png", "pics/shirt/20.png"]
    assert labels == ["sandal", "coat"]
    assert unreadable == {"pics/gone.png": "is in metadata.csv, but not there"}
    assert len(notes) == 1 and notes[0].startswith("28 pictures of pics are left out")


def test_one_broken_among_many(read, folder):
    """Pictures that cannot be read are listed with a reason; the rest goes on, in order."""
    (folder / "boot" / "3.png").write_bytes((folder / "boot" / "3.png").read_bytes()[:60])
    (folder / "boot" / "5.png").write_bytes(b"")
    pathlib.Path("notes.txt").write_text("no picture")
    names, labels, pictures, unreadable = read("pics", "missing.png", "notes.txt", "pics/boot/4.png")
    assert names == [
        *(f"pics/{CLASSES[number // 15]}/{number}.png" for number in range(30) if number not in (3, 5)),
        "pics/boot/4.png",
    ]
    assert len(labels) == len(pictures) == 29
    assert list(unreadable) == ["pics/boot/3.png", "pics/boot/5.png", "missing.png", "notes.txt"]
    assert unreadable["pics/boot/3.png"].startswith("cannot be decoded")
    assert "empty file" in unreadable["pics/boot/5.png"]
    assert "text file" in unreadable["notes.txt"]


def test_names_that_are_still_at_hand(model, folder):
    """Files and images of the data set, one each; no name means all pictures, as it does for `open_pictures`."""
    names = [str(path) for path in sorted(folder.rglob("*.png"))[:2]]
    stream = open_at_hand(model, ["", names[0], "test:3", str(folder), "*", "test::", "gone.png", names[1]])
    assert [name for batch in stream for name in batch.names] == [names[0], "test:3", names[1]]
    assert open_at_hand(model, []).total == 0 and list(open_at_hand(model, [])) == []
    assert open_at_hand(model, ["test:1", "test:2", names[0]], data="nowhere").total == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_leave_a_folder_are_listed(read, folder, tmp_path_factory):
    """A link out of a folder is never followed; it is an unreadable picture."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    PIL.Image.new("L", (28, 28)).save(secret)
    (folder / "boot" / "link.png").symlink_to(secret)
    names, _, _, unreadable = read("pics")
    assert len(names) == 30
    assert unreadable == {"pics/boot/link.png": "is a link that leaves the folder"}


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are UTF-8")
def test_odd_names(read, folder):
    """A name may hold a newline, a quote, bytes that are not UTF-8, or look like an option."""
    odd = ["a\nb.png", 'q"uote.png', os.fsdecode(b"\xff.png"), "-o.png", " "]
    for number, name in enumerate(odd):
        (folder / "boot" / f"{number}.png").rename(name)
    assert sorted(read(*odd)[0]) == sorted(odd)


@pytest.mark.parametrize("count", [1, 3, 7, 100])
@pytest.mark.parametrize("sizes", [512, 8])
def test_shards_join_to_all(model, folder, monkeypatch, count, sizes):
    """The parts in order are all pictures in order, unreadable ones too, and values at their places of the grid."""
    monkeypatch.setattr("vaecli.tasks.stream.stream.BATCH", sizes)
    (folder / "boot" / "3.png").write_bytes(b"broken")
    names = ["test:0:9", "pics", "missing.png"]

    def read(shard):
        stream = open_pictures(model, names, shard=shard)
        for batch in stream:
            assert len(batch) <= batch.size
            values = batch.compute(
                lambda images: {"place": np.arange(len(images)), "mean": images.mean((1, 2, 3))}
            )
            rows = batch.rows(values)
            yield from zip(
                *(rows["file"], rows["place"].tolist(), np.nan_to_num(rows["mean"], nan=-1.0).tolist()),
                strict=True,
            )
            means = batch.images.mean((1, 2, 3)).tolist()
            assert values["mean"].tolist() == means

    together = list(read(Shard()))
    parts = [list(read(Shard(number, count))) for number in range(1, count + 1)]
    assert [row for part in parts for row in part] == together
    assert len(together) == 40
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    "text", ["0/3", "4/3", "x/y", "1", "1/0", "-1/3", "1/3/5", "", "1.5/3", "1/" + "9" * 40]
)
def test_shards_that_there_are_not(text):
    """The error shows what to write."""
    with pytest.raises(OptionError, match="--shard must be I/N") as error:
        parse_shard(text)
    assert "--shard 1/3" in error.value.hint


def test_no_pictures(read, here):
    """A folder without pictures, a glob without a match, and an empty slice are errors at once."""
    (here / "empty").mkdir()
    with pytest.raises(DataError, match="must hold pictures, got nothing"):
        read("empty")
    with pytest.raises(OptionError, match=r"nothing matches no\*\.png"):
        read("no*.png")
    with pytest.raises(DataError, match="must name pictures, got none"):
        read("test:5:5")
    with pytest.raises(OptionError, match="PICTURES"):
        read("")
    with pytest.raises(OptionError, match="--data fashion-mnist-mini"):
        read("fashion-mnist-mini")


@pytest.mark.parametrize(
    ("pictures", "data", "split", "says"),
    [
        ((), None, None, "PICTURES"),
        (("a.png",), None, "test", "--split must be left out"),
        (("a.png", "photos/"), "mnist", None, "--data must be left out"),
    ],
)
def test_pictures_or_a_part(pictures, data, split, says):
    """Pictures are named, or a part of a data set, not both and not neither."""
    with pytest.raises(OptionError, match=says):
        require_pictures(pictures, data, split, "encode")
    require_pictures(("a.png", "val:3"), "mnist", None, "encode")


def test_a_target_among_the_pictures(model, folder):
    """Nothing is written over a picture that is read, or its archive."""
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("pics/boot/0.png", "0.png")
    np.save("a.npy", np.zeros((2, 28, 28), np.uint8))
    stream = open_pictures(model, ["pics/boot", "pics/shirt/15.png", "a.zip", "a.npy", "test:0"])
    (folder / "link.png").symlink_to(folder / "boot" / "1.png")
    for path in (
        "pics/boot/3.png",
        "pics/link.png",
        "./pics/../pics/shirt/15.png",
        "a.zip",
        "a.npy",
        folder / "boot" / "0.png",
    ):
        with pytest.raises(OptionError, match="--out must not be one of the pictures"):
            stream.require_apart(path)
    for path in ("pics/shirt/16.png", "z.npz", "pics/boot/none.png"):
        stream.require_apart(path)


def test_a_target_among_the_data(model, folder):
    """Nothing is written over what --data names: an array, a picture of a folder, a table of its labels."""
    np.savez("a.npz", x_test=np.zeros((2, 28, 28), np.uint8))
    rows = "".join(f"{path.relative_to(folder).as_posix()},a\n" for path in sorted(folder.rglob("*.png")))
    (folder / "metadata.csv").write_text(f"file_name,label\n{rows}")
    (folder / "notes.csv").write_text("mine")
    for data, target in (("a.npz", "./a.npz"), ("pics", "pics/boot/0.png"), ("pics", "pics/metadata.csv")):
        stream = open_pictures(model, [], data=data, split="test" if data == "a.npz" else "train")
        with pytest.raises(OptionError, match="--out must not be one of the pictures"):
            stream.require_apart(target)
        stream.require_apart("pics/notes.csv")
    with pytest.raises(OptionError, match="--out must not be one of the pictures"):
        open_pictures(model, ["pics"]).require_apart("pics/metadata.csv")


def test_a_folder_that_holds_pictures(model, folder):
    """Numbered pictures in it could be replaced, other files could not."""
    series = folder / "series"
    series.mkdir()
    for name in ("000003.png", "000004-shirt.png", "other.png"):
        (series / name).write_bytes((folder / "boot" / "0.png").read_bytes())
    for names in (["pics"], ["pics/series"], ["pics/series/000003.png"], ["pics/series/000004-shirt.png"]):
        with pytest.raises(OptionError, match="--heatmaps must not hold one of the pictures"):
            open_pictures(model, names).require_apart("pics/series/", option="--heatmaps")
    open_pictures(model, ["pics/boot", "pics/series/other.png"]).require_apart("pics/series/")
    open_pictures(model, ["pics"]).require_apart("pics/new/")


def test_large_pictures_take_turns(read, here):
    """Pictures that together are above the budget are decoded one after the other, none is lost."""
    for number in range(4):
        PIL.Image.new("L", (4000, 3000), 60 * number).save(f"{number}.png")
    assert read("?.png")[0] == [f"{number}.png" for number in range(4)]


def test_a_stream_can_be_read_again(model, folder):
    """Each reading starts anew."""
    stream = open_pictures(model, ["pics", "missing.png"])
    first, second = ([batch.names for batch in stream] for _ in range(2))
    assert first == second
    assert stream.unreadable_count == 1


def test_few_batches_are_in_memory(model, images, monkeypatch, here):
    """Whoever reads a stream and keeps nothing holds few batches, however many pictures there are."""
    monkeypatch.setattr("vaecli.tasks.stream.stream.BATCH", 4)
    np.save("many.npy", np.concatenate([images] * 10))
    seen = []
    for batch in open_pictures(model, ["many.npy", "many.npy"]):
        seen.append(weakref.ref(batch))
        del batch
        assert sum(reference() is not None for reference in seen) <= 2
    assert len(seen) == 150
