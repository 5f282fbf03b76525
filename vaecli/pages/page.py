"""The explorer as one HTML file: scripts, style and model inside, nothing to be loaded from anywhere."""

import base64
import dataclasses
import functools
import hashlib
import html
import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from vaecli.pages.bundle import bundle
from vaecli.pages.compact import compact_style
from vaecli.pages.compression import Span, compress

SOURCES = pathlib.Path(__file__).parent / "explorer"
ENTRY = "app/main.js"
_MARK = re.compile(r"<!--([A-Z]+)-->")  # in index.html


class File(NamedTuple):
    """A file in a page, and the places of arrays in it, by which it becomes smaller."""

    content: bytes
    arrays: Sequence[Span] = ()


@dataclasses.dataclass(frozen=True)
class Contents:
    """The contents of a page beside its own sources.

    Attributes:
        name: of the model, for the title.
        model: what commands in the page name with `-m`.
        decoder: a decoder file, float32 or fp16.
        encoder: an encoder file; None for a model without one.
        pictures: pixels of validation images, one image after the other, 8 bits each; empty for none.
    """

    name: str
    model: str
    decoder: File
    encoder: File | None = None
    pictures: bytes = b""


@dataclasses.dataclass(frozen=True)
class Page:
    """A page that is ready to be written or served.

    Attributes:
        content: the HTML file.
        policy: its Content-Security-Policy, also for the header of an answer.
    """

    content: bytes
    policy: str


def build(contents: Contents) -> Page:
    """Return the page of a model; the same contents give the same bytes."""
    script, style = _sources()
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; img-src blob: data:; "
        "base-uri 'none'; form-action 'none'"
    )
    data = {
        "name": contents.name,
        "model": contents.model,
        "decoder": compress(*contents.decoder),
        "encoder": None if contents.encoder is None else compress(*contents.encoder),
        "pictures": compress(contents.pictures) if contents.pictures else None,
    }
    parts = {
        "POLICY": html.escape(policy),
        "TITLE": html.escape(contents.name),
        "STYLE": style,
        "DATA": _as_json(data),
        "SCRIPT": script,
    }
    text = (SOURCES / "index.html").read_text(encoding="utf-8")
    pieces = _MARK.split(text)  # text, mark, text, mark, ... text
    pieces[1::2] = [parts[mark] for mark in pieces[1::2]]
    return Page("".join(pieces).encode("utf-8"), policy)


@functools.cache
def _sources() -> tuple[str, str]:
    """Return the script and the style of every page."""
    return bundle(SOURCES, ENTRY), compact_style((SOURCES / "style.css").read_text(encoding="utf-8"))


def _source(text: str) -> str:
    """Return the hash by which a policy admits an inline script or style."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _as_json(data: dict[str, Any]) -> str:
    """Return JSON that cannot end the script element that holds it."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
