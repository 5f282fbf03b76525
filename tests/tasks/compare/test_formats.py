"""CSV, Markdown and LaTeX: complete, rounded by the error, and with names that cannot break them."""

import csv
import dataclasses
import io
import re

import pytest

from vaecli.errors import OptionError, OutputError
from vaecli.tasks.compare import formats
from vaecli.tasks.compare.compare import compare
from vaecli.tasks.compare.words import values_table, values_tables

HOSTILE = r"50%_a&b|c$d#e{f}~^\g<h>[i]*`k"


@pytest.fixture
def comparison(runs):
    """Three runs of two settings."""
    return compare([*runs("conv", [0, 1, 2]), *runs("dense", [9, 10, 11.5])])


def test_csv_has_every_number_in_full(comparison):
    """A line a file, then a line a side; the difference is that to the first of its kind."""
    rows = list(csv.DictReader(io.StringIO(formats.to_csv(comparison))))
    assert [row["kind"] for row in rows] == ["file"] * 6 + ["side"] * 2
    assert [float(row["elbo"]) for row in rows[:6]] == [row.values["elbo"].value for row in comparison.files]
    assert float(rows[7]["difference"]) == comparison.of_settings.differences[0].interval.value
    assert (rows[7]["method"], rows[7]["verdict"], rows[6]["verdict"]) == ("paired", "better", "")
    assert {row["data"] for row in rows} == {"200 test images of toys (dddddddddddd...)"}


@pytest.mark.parametrize("form", ["csv", "markdown", "latex"])
def test_features_and_their_hash_stand_beside_the_figures(save, quality, form):
    """In every format, although the main metric needs none."""
    text = formats.as_text(compare([save("a", quality=quality), save("b", quality=quality)]), form)
    assert "frechet" in text and "classifier of fashion-mnist (ffffffffffff...)" in text


@pytest.mark.parametrize("width", [60, 80, 200, 20])
def test_a_table_is_divided_at_the_width(save, quality, width):
    """Each part has at most that width, or one metric; all parts together have all columns, each once."""
    comparison = compare([save("a", quality=quality), save("b", quality=quality)])
    parts = values_tables(comparison, width)
    for table in parts:
        columns = zip(table.headers, *table.rows, strict=True)
        total = sum(max(map(len, column)) + 2 for column in columns) - 2
        assert total <= width or len(table.headers) == 4
        assert table.headers[:3] == ("evaluation", "side", "seed")
    whole = values_table(comparison)
    assert [name for table in parts for name in table.headers[3:]] == list(whole.headers[3:])
    for place, row in enumerate(whole.rows):
        assert [cell for table in parts for cell in table.rows[place][3:]] == list(row[3:])
    assert (len(parts) == 1) == (width == 200)


def test_markdown_has_both_verdicts(comparison):
    """As two tables after that of the values, each line with as many cells as its header."""
    text = formats.to_markdown(comparison)
    assert "**Do these files differ? elbo (nats, higher is better)" in text
    assert "**Do these settings differ? elbo" in text
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.M)
    assert len(tables) == 3
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "3 pairs of one seed, t with 2 degrees of freedom" in tables[2]


def test_latex_has_both_verdicts(comparison):
    """Braces and environments are balanced, and each line of a table has its number of cells."""
    text = formats.to_latex(comparison)
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 3
    assert text.count("{") == text.count("}")
    for columns, body in re.findall(r"\\begin{tabular}{(\w+)}\n(.*?)\\end", text, re.S):
        for line in body.splitlines():
            assert line == r"\hline" or line.count(" & ") == len(columns) - 1
    assert r" $\pm$ " in text and "±" not in text


@pytest.mark.parametrize(
    ("text", "latex", "markdown"),
    [
        ("a_b", r"a\_b", r"a\_b"),
        ("50 % & more", r"50 \% \& more", r"50 % \& more"),
        ("a|b", r"a\textbar{}b", r"a\|b"),
        ("\\input{x}", r"\textbackslash{}input\{x\}", r"\\input{x}"),
        ("a\nb\x00", "a b ", "a b "),
        ("-1.5", "$-$1.5", "-1.5"),
        ("[+1, -2]", "{}[$+$1, $-$2]", r"\[+1, -2\]"),
        ("conv-1", "conv-1", "conv-1"),
        ("<b>x</b>", r"\textless{}b\textgreater{}x\textless{}/b\textgreater{}", r"\<b\>x\</b\>"),
    ],
)
def test_texts_are_escaped(text, latex, markdown):
    """A run's name is the user's."""
    assert formats.latex(text) == latex
    assert formats.markdown(text) == markdown


def test_a_hostile_name_stays_in_its_cell(save):
    """In every format."""
    comparison = compare([save("a"), save("b")])
    files = (comparison.files[0], dataclasses.replace(comparison.files[1], label=HOSTILE))
    comparison = dataclasses.replace(comparison, files=files)
    rows = list(csv.reader(io.StringIO(formats.to_csv(comparison))))
    assert rows[2][1] == HOSTILE and len({len(row) for row in rows}) == 1
    latex = formats.to_latex(comparison)
    line = next(line for line in latex.splitlines() if "50" in line)
    assert len(re.findall(r"(?<!\\)&", line)) == 4 and not re.search(r"(?<!\\)[%#]", line)
    table = formats.to_markdown(comparison).splitlines()
    assert len(re.findall(r"(?<!\\)\|", table[3])) == len(re.findall(r"(?<!\\)\|", table[0]))


def test_a_file_is_written_by_its_suffix(comparison, here):
    """Whole, and never in place of another unasked."""
    for name, start in (("t.csv", "kind,"), ("t.md", "| evaluation"), ("t.TEX", r"\begin")):
        path = formats.write(comparison, name, formats.target_format(name), if_taken="refuse")
        assert path.read_text(encoding="utf-8").startswith(start)
    with pytest.raises(OutputError, match="exists already"):
        formats.write(comparison, "t.csv", "csv", if_taken="refuse")
    with pytest.raises(OptionError, match=r"--out must end in .csv, .md, .tex, got t.docx"):
        formats.target_format("t.docx")
