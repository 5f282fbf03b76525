"""JavaScript and CSS without comments, indentation and needless spaces, which are two fifths of the sources.

Names, texts and lines stay as they are, so that the script of a page can still be read.
"""

import re

_TEXT = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_PATTERN = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[\w$#]")
_BEFORE_PATTERN = "(,=:[!&|?{};\n"  # a slash after another character divides


def compact_script(source: str) -> str:
    """Return a module with the same meaning and fewer characters."""
    return _Scanner(source).code().strip()


def compact_style(source: str) -> str:
    """Return a style sheet, which has no texts with spaces, with the same meaning and fewer characters."""
    without_comments = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", without_comments)).replace(": ", ":").strip()


class _Scanner:
    """Reads a script from its start; a template literal holds code, which may hold templates again."""

    def __init__(self, source: str) -> None:
        self._source, self._place = source, 0
        self._last = "\n"  # the last character that was kept

    def code(self) -> str:
        """Return the code up to the end, or to the brace that ends a part of a template."""
        parts: list[str] = []
        depth = 0
        while self._place < len(self._source):
            character = self._source[self._place]
            depth += (character == "{") - (character == "}")
            if depth < 0:
                break
            part = self._token(character)
            parts.append(part)
            self._last = part[-1:] or self._last
        return "".join(parts)

    def _token(self, character: str) -> str:
        if character == "`":
            return self._template()
        if character.isspace():
            return self._space()
        pattern = _TEXT if character in "\"'" else None
        if character == "/":
            if comment := _COMMENT.match(self._source, self._place):
                self._place = comment.end()
                return ""
            pattern = _PATTERN if self._last in _BEFORE_PATTERN else None
        match = pattern.match(self._source, self._place) if pattern else None
        text = match[0] if match else character
        self._place += len(text)
        return text

    def _space(self) -> str:
        """Return what white space is needed: a line's end, or a space between words or equal signs."""
        match = _SPACE.match(self._source, self._place)
        text = match[0] if match else ""
        self._place += len(text)
        after = self._source[self._place : self._place + 1]
        if "\n" in text:
            return "" if self._last == "\n" else "\n"
        between_words = _WORD.match(self._last) and _WORD.match(after)
        return " " if between_words or (after == self._last and after in "+-") else ""

    def _template(self) -> str:
        parts = ["`"]
        self._place += 1
        while self._source[self._place] != "`":
            if self._source.startswith("${", self._place):
                self._place += 2
                parts += ["${", self.code(), "}"]
                self._place += 1
                continue
            length = 2 if self._source[self._place] == "\\" else 1
            parts.append(self._source[self._place : self._place + length])
            self._place += length
        self._place += 1
        return "".join([*parts, "`"])
