"""Layouts: names of pictures become parts, labels and classes."""

import pytest

from vaecli.data.collection.layout import find_layout
from vaecli.data.collection.listing import PARTS
from vaecli.errors import DataError


def read(*names, metadata=()):
    """Return parts and classes of the pictures that are used, by name, and the phrase."""
    layout = find_layout(names, metadata)
    table = {}
    for position, name in enumerate(names):
        if layout.used is None or layout.used[position]:
            label = None if layout.labels is None else layout.class_names[layout.labels[position]]
            table[name] = (PARTS[layout.parts[position]], label)
    return table, layout.phrase


def test_flat():
    """Pictures in no folder have no classes."""
    names = ("a.png", "b.png")
    assert read(*names) == (dict.fromkeys(names, ("train", None)), "pictures without classes")


def test_classes():
    """Each folder is a class, with all that is nested in it; classes are in natural order."""
    names = ["c10/x.png", "c2/deep/er/y.png", "C1/z.png"]
    table, phrase = read(*names)
    assert table == {
        "c10/x.png": ("train", "c10"),
        "c2/deep/er/y.png": ("train", "c2"),
        "C1/z.png": ("train", "C1"),
    }
    assert phrase == "class folders: 3 classes"
    assert find_layout(names).class_names == ("C1", "c2", "c10")


@pytest.mark.parametrize("top", ["", "top/", "a/b/c/"])
def test_one_folder_that_holds_all(top):
    """Folders that hold everything, as archives have them, do not count."""
    assert read(f"{top}cat/1.png", f"{top}dog/1.png")[1] == "class folders: 2 classes"
    assert read(f"{top}train/1.png", f"{top}test/1.png")[1] == "split folders train, test"
    assert read(f"{top}1.png", f"{top}2.png")[1] == "pictures without classes"


def test_one_folder_beside_pictures():
    """Pictures beside folders have no class, so none has; the phrase says why."""
    table, phrase = read("cat/1.png", "dog/1.png", "preview.png")
    assert set(table.values()) == {("train", None)}
    assert phrase == "pictures without classes, because 1 of them is not in a folder"


@pytest.mark.parametrize("train", ["train", "Training", "TRAIN"])
@pytest.mark.parametrize("validation", ["val", "valid", "validation", "dev"])
@pytest.mark.parametrize("test", ["test", "testing", "eval", "evaluation"])
def test_names_of_splits(train, validation, test):
    """Splits are known by their usual names, in any case."""
    table, phrase = read(f"{train}/1.png", f"{validation}/1.png", f"{test}/1.png")
    assert [part for part, _ in table.values()] == list(PARTS)
    assert phrase == "split folders train, validation, test"


def test_splits_with_classes():
    """The folders within splits are classes, the same in all of them."""
    table, phrase = read("test/cat/1.png", "train/cat/1.png", "train/dog/1.png", "train/dog/more/2.png")
    assert table["test/cat/1.png"] == ("test", "cat")
    assert table["train/dog/more/2.png"] == ("train", "dog")
    assert phrase == "split folders train, test; 2 classes"


def test_classes_of_training_come_first():
    """Defects that only the test set has follow the classes of training; masks beside the splits are left out."""
    names = ["ground_truth/bent/1_mask.png", "test/bent/1.png", "test/good/1.png", "train/good/1.png"]
    table, phrase = read(*names)
    assert table == {name: tuple(name.split("/")[:2]) for name in names[1:]}
    assert find_layout(names).class_names == ("good", "bent")
    assert phrase == "split folders train, test; 2 classes; 1 picture beside them left out"


def test_pictures_beside_splits_are_left_out():
    """A picture beside two splits belongs to none."""
    table, phrase = read("logo.png", "test/1.png", "train/1.png")
    assert set(table) == {"test/1.png", "train/1.png"}
    assert phrase == "split folders train, test; 1 picture beside them left out"


def test_a_split_without_classes():
    """If the test pictures have no class, none has, and the phrase says why."""
    table, phrase = read("test/1.png", "train/cat/1.png", "train/dog/1.png")
    assert table["train/cat/1.png"] == ("train", None)
    assert phrase == "split folders train, test; no classes, because test has pictures without"


def test_train_as_a_class():
    """`train` beside folders that are no splits is a class, as `car` and `plane` are."""
    table, _ = read("car/1.png", "plane/1.png", "train/1.png")
    assert table["train/1.png"] == ("train", "train")


def test_train_alone():
    """A single folder `train` holds the training pictures, and its folders are classes."""
    assert read("train/cat/1.png", "train/dog/1.png")[1] == "split folders train; 2 classes"


def test_a_test_folder_alone():
    """A folder `test` without training pictures is no split: they would not be there to train on."""
    assert read("test/1.png", "test/2.png")[0]["test/1.png"] == ("train", None)


def test_the_folder_of_a_table_is_not_left():
    """The folder that holds a table of labels holds the data set, although all pictures are in one folder of it."""
    layout = find_layout(["images/a.png", "images/b.png"], ["metadata.csv"])
    assert layout.root == ""


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("two\nlines", "two\\nlines"),
        ("byte\udcff", "byte\\xff"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202eright", "\\u202eright"),
        ("кошка", "кошка"),
        (" a 'b' \"c\" ", " a 'b' \"c\" "),
    ],
)
def test_names_of_classes_are_printable(folder, name):
    """A class has the name of its folder, with escapes for what cannot be printed or stored."""
    layout = find_layout([f"{folder}/1.png", "z/1.png"])
    assert name in layout.class_names
    assert all(name.encode() and name.isprintable() for name in layout.class_names)


def test_names_of_classes_that_become_equal():
    """Two folders whose names are shown alike are refused."""
    with pytest.raises(DataError, match=r"must differ where they are shown, got a\\xff twice"):
        find_layout(["a\udcff/1.png", "a\\xff/1.png"])


def test_names_of_classes_that_are_too_long():
    """A class name of more characters than a model file holds is refused."""
    with pytest.raises(DataError, match="at most 1,024 characters"):
        find_layout([f"{'a' * 1025}/1.png", "b/1.png"])
