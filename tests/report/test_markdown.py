"""The Markdown of a report: the headings of the page, and texts that stay paragraphs."""

import re

import pytest

from vaecli.report.content import Report, Section, Table, Text, Warned
from vaecli.report.markdown import to_markdown
from vaecli.report.page import to_html


def report(lead="A model.", text="A text.", warnings=0):
    """A report with a lead, one paragraph, and some warnings."""
    warned = Warned("Dead units", text, "Train again.", ["--width 8"])
    return Report(
        title="Report",
        lead=lead,
        headline=[],
        warnings=[warned] * warnings,
        checks=["dead units"],
        sections=[Section("a", "Figures", [Text(text), Table([("x", "left")], [["1"]], text)])],
        left_out=[],
    )


@pytest.mark.parametrize(("count", "title"), [(0, "No warnings"), (1, "1 warning"), (2, "2 warnings")])
def test_the_headings_are_those_of_the_page(count, title):
    """With any number of warnings."""
    content = report(warnings=count)
    of_page = re.findall(r"<h[23]>(.*?)</h[23]>", to_html(content))
    text = to_markdown(content, "files").text
    assert [line.lstrip("# ") for line in text.splitlines() if line.startswith("##")] == of_page
    assert of_page == [title, *["Dead units"] * count, "Figures"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- a list", "\\- a list"),
        ("-", "\\-"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("1. first", "1\\. first"),
        ("2026) year", "2026\\) year"),
        ("    code", "code"),
        ("1.5 of 2", "1.5 of 2"),
        ("-1.5 of 2", "-1.5 of 2"),
        ("2 - 1", "2 - 1"),
        ("a - b", "a - b"),
    ],
)
def test_a_paragraph_stays_one(text, shown):
    """Whatever it begins with; so do the lead, captions and the figure of a warning."""
    lines = to_markdown(report(text, text, 1), "files").text.splitlines()
    assert lines.count(shown) == 3
    assert f"{shown.rstrip()} Train again." in lines
