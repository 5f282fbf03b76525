"""Tables of labels: what they may say, and what is refused."""

import pytest

from vaecli.data.collection.labels import Row, read_tables
from vaecli.errors import DataError

HEADER = b"file_name,label\n"


def test_csv():
    """Columns in any order, others ignored; labels are text, also numbers; empty lines do not count."""
    table = b'other,label,file_name\r\n1,cat,a.png\r\n\r\n2,7,"b, c.png"\r\n'
    assert read_tables({"metadata.csv": table}) == {"a.png": Row("cat", None), "b, c.png": Row("7", None)}


def test_json_lines():
    """Each line is an object; whole numbers are labels as text."""
    table = b'{"file_name": "a.png", "label": 7}\n\n{"label": "x", "file_name": "b.png", "z": [1]}\r\n'
    assert read_tables({"metadata.jsonl": table}) == {"a.png": Row("7", None), "b.png": Row("x", None)}


def test_names_are_relative_to_the_table():
    """The table of a folder names pictures from there; several tables add up."""
    tables = {
        "train/metadata.csv": HEADER + b"a.png,x\n",
        "test/metadata.jsonl": b'{"file_name":"b.png","label":"y"}',
    }
    assert set(read_tables(tables)) == {"train/a.png", "test/b.png"}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (b"cats\\1.png", "cats/1.png"),
        (b"./cats/1.png", "cats/1.png"),
        (b".\\cats\\1.png", "cats/1.png"),
        ("e\u0301.png".encode(), "\u00e9.png"),
        (b'"two\nlines.png"', "two\nlines.png"),
        (b'"""quoted"".png"', '"quoted".png'),
    ],
)
def test_ways_to_write_a_name(written, key):
    """Backslashes, a leading dot, decomposed letters, newlines and quotes lead to the picture."""
    assert read_tables({"metadata.csv": HEADER + written + b",x\n"}) == {key: Row("x", None)}


def test_a_byte_order_mark():
    """A mark at the start, as Excel writes it, is no part of the first column's name."""
    assert read_tables({"metadata.csv": b"\xef\xbb\xbf" + HEADER + b"a.png,x\n"}) == {"a.png": Row("x", None)}


def test_splits():
    """A column of splits tells the part of each picture, in any of the usual names."""
    table = b"file_name,split\na.png,Train\nb.png,val\nc.png,test\nd.png,\n"
    parts = [row.part for row in read_tables({"metadata.csv": table}).values()]
    assert parts == ["train", "validation", "test", None]


def test_no_labels():
    """A table without labels only says which pictures belong to the data set."""
    assert read_tables({"metadata.csv": b"file_name\na.png\n"}) == {"a.png": Row(None, None)}
    assert read_tables({"metadata.jsonl": b'{"file_name": "a.png", "label": null}'}) == {
        "a.png": Row(None, None)
    }


def test_equal_rows():
    """A row may be there twice."""
    assert len(read_tables({"metadata.csv": HEADER + b"a.png,x\na.png,x\n"})) == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (HEADER + b"a.png,x\na.png,y\n", "line 3: a.png has an earlier row that differs"),
        (HEADER + b"a.png,x,y\n", "line 2: it must have 2 values, got 3"),
        (HEADER + b"a.png\n", "line 2: it must have 2 values, got 1"),
        (HEADER + b",x\n", "line 2: file_name must be the path of a picture, got ''"),
        (HEADER + b"a.png,x\nb.png,\n", "must have a label in each row, or in none"),
        (b"name,label\na.png,x\n", "must have a column file_name, got name, label"),
        (b"file_name;label\na.png;x\n", "must have a column file_name, got file_name;label"),
        (b"file_name,label,label\na.png,x,y\n", "must have each column once, got label twice"),
        (b"", "must have a column file_name, got nothing"),
        (HEADER + b"caf\xe9.png,x\n", "must be UTF-8, got other bytes at byte 19"),
        ("file_name,label\n".encode("utf-16"), "must be UTF-8"),
        (HEADER + b'"a.png,x\n', "line 2"),
        (b"file_name,split\na.png,half\n", "split must be one of train, training"),
    ],
)
def test_bad_csv(table, message):
    """The error names the table, the line and what is wrong."""
    with pytest.raises(DataError, match=message) as caught:
        read_tables({"metadata.csv": table})
    assert caught.value.message.startswith("metadata.csv")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (b'{"file_name": "a.png"', "line 1: it must be JSON"),
        (b"[" * 100_000, "line 1: it must be JSON"),
        (b'{"file_name": "a.png"}\n["b.png"]', "line 2: it must be an object"),
        (b'{"file_name": 7}', "file_name must be the path of a picture, got 7"),
        (b'{"label": "x"}', "file_name must be the path of a picture, got None"),
        (b'{"file_name": "a.png", "label": 1.5}', "label must be text or a whole number, got 1.5"),
        (b'{"file_name": "a.png", "label": true}', "label must be text or a whole number, got True"),
        (b'{"file_name": "a.png", "label": ["x"]}', "label must be text or a whole number"),
    ],
)
def test_bad_json_lines(table, message):
    """The error names the table, the line and what is wrong."""
    with pytest.raises(DataError, match=message) as caught:
        read_tables({"metadata.jsonl": table})
    assert caught.value.message.startswith("metadata.jsonl")
