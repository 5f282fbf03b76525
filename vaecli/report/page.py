"""The report as one HTML file: style, charts and pictures inside, no script, nothing to be loaded from anywhere."""

import base64
import hashlib
import importlib.resources
from collections.abc import Sequence

from vaecli.pictures.png import encoded
from vaecli.report.charts.frame import chart_style
from vaecli.report.content import (
    Block,
    Chart,
    Figures,
    LeftOut,
    Picture,
    Report,
    Section,
    Table,
    Text,
    Warned,
    warnings_title,
)
from vaecli.report.markup import Markup, element, join, text


def to_html(report: Report) -> str:
    """Return the page; the same report gives the same page."""
    style = chart_style() + (importlib.resources.files("vaecli.report") / "page.css").read_text(
        encoding="utf-8"
    )
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", text(report.title)),
        element("style", Markup(style)),
    )
    body = element("body", _header(report), element("main", *_parts(report)), lang="en")
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _header(report: Report) -> Markup:
    cards = [
        element(
            "div",
            element("dt", text(name)),
            element("dd", element("b", text(value)), element("span", text(meaning))),
        )
        for name, value, meaning in report.headline
    ]
    links = [element("a", text(section.title), href=f"#{section.name}") for section in report.sections]
    return element(
        "header",
        element("h1", text(report.title)),
        element("p", text(report.lead)),
        element("dl", *cards, class_="cards") if cards else Markup(""),
        element("nav", *links, aria_label="Parts of the report"),
    )


def _parts(report: Report) -> list[Markup]:
    return [
        _warnings(report.warnings, report.checks),
        *(_section(section) for section in report.sections),
        _left_out(report.left_out),
    ]


def _warnings(warnings: Sequence[Warned], checks: Sequence[str]) -> Markup:
    title = warnings_title(warnings)
    if not warnings:
        body = [element("p", text(f"Checked: {', '.join(checks)}."))] if checks else []
        return element("section", element("h2", text(title)), *body, class_="calm", id="warnings")
    items = [
        element(
            "article",
            element("h3", text(warned.title)),
            element("p", _prose(warned.figure)),
            element("p", _prose(warned.advice)),
            element("p", text("To try: "), *_codes(warned.options)) if warned.options else Markup(""),
        )
        for warned in warnings
    ]
    others = element("p", text(f"Checked: {', '.join(checks)}."), class_="quiet")
    return element("section", element("h2", text(title)), *items, others, class_="alarm", id="warnings")


def _codes(options: Sequence[str]) -> list[Markup]:
    codes = [element("code", text(option)) for option in options]
    return [part for code in codes for part in (code, text(" "))]


def _prose(value: str) -> Markup:
    """Return a text whose parts between backticks are code."""
    parts = value.split("`")
    if len(parts) % 2 == 0:
        return text(value)
    return join(element("code", text(part)) if place % 2 else text(part) for place, part in enumerate(parts))


def _section(section: Section) -> Markup:
    blocks = [_block(block) for block in section.blocks]
    return element("section", element("h2", text(section.title)), *blocks, id=section.name)


def _block(block: Block) -> Markup:
    if isinstance(block, Text):
        return element("p", _prose(block.text))
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figures):
        return element("div", *(_figure(item) for item in block.items), class_="figures")
    return _figure(block)


def _figure(item: Chart | Picture) -> Markup:
    caption = element("figcaption", _prose(item.caption)) if item.caption else Markup("")
    if isinstance(item, Chart):
        return element("figure", item.svg, caption, class_="drawn")
    height, width, _ = item.pixels.shape
    source = "data:image/png;base64," + base64.b64encode(encoded(item.pixels)).decode("ascii")
    image = element("img", src=source, alt=item.alt, width=width, height=height)
    return element("figure", image, caption, class_="sheet")


def _table(table: Table) -> Markup:
    kinds = [align for _, align in table.columns]
    head = [element("th", text(name), scope="col", class_=align) for name, align in table.columns]
    rows = [
        element(
            "tr",
            element("th", text(row[0]), scope="row", class_=kinds[0]),
            *(element("td", text(cell), class_=kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)),
        )
        for row in table.rows
    ]
    caption = element("p", text(table.caption), class_="quiet") if table.caption else Markup("")
    has_head = any(name for name, _ in table.columns)
    is_wordy = len(kinds) > 2 and kinds[-1] == "left"
    grid = element(
        "table",
        element("thead", element("tr", *head)) if has_head else Markup(""),
        element("tbody", *rows),
        class_="wordy" if is_wordy else None if has_head else "pairs",
    )
    scroll = element(
        "div", grid, class_="wide", tabindex=0, role="region", aria_label=table.caption or "Table"
    )
    return join([caption, scroll])


def _left_out(parts: Sequence[LeftOut]) -> Markup:
    if not parts:
        return Markup("")
    items = join(element("li", element("b", text(f"{part.part}: ")), _prose(part.reason)) for part in parts)
    return element("section", element("h2", text("Left out")), element("ul", items), id="left-out")
