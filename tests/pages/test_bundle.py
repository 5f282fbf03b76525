"""The modules of a folder become one script, and names stay apart."""

import re

import pytest

from vaecli.pages.bundle import bundle
from vaecli.pages.page import SOURCES


@pytest.fixture
def folder(tmp_path):
    """Writes modules to a folder."""

    def folder(**modules):
        for name, source in modules.items():
            (tmp_path / f"{name}.js").write_text(source)
        return tmp_path

    return folder


def test_each_module_comes_once_and_before_those_that_import_it(folder):
    """Two modules that import a third share it, and a name of one is not seen by another."""
    script = bundle(
        folder(
            main='import { one as first } from "./one.js";\nimport { two } from "./two.js";\nfirst(two);\n',
            one='import { base } from "./base.js";\nconst own = 1;\nexport function one() { return own + base; }\n',
            two='import { base } from "./base.js";\nconst own = 2;\nexport const two = own * base;\n',
            base="export const base = 3;\n",
        ),
        "main.js",
    )
    places = [script.index(f"const ${name}=") for name in ("base", "one", "two", "main")]
    assert places == sorted(places) and script.count("const base=3") == 1
    assert "const{one:first}=$one;" in script and "return{one:one};" in script


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (
            {"a": 'import { b } from "./b.js";\n', "b": 'import { a } from "./a.js";\n'},
            "must not import each other",
        ),
        ({"a": 'import b from "./b.js";\n'}, "in the forms"),
        ({"a": "export default 1;\n"}, "in the forms"),
    ],
)
def test_other_forms_are_refused(folder, modules, message):
    """A circle, and forms that the bundle does not know, fail when the page is built."""
    with pytest.raises(ValueError, match=message):
        bundle(folder(**modules), "a.js")


MODULES = sorted(
    path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.js") if "vendor" not in path.parts
)


@pytest.mark.parametrize("module", MODULES)
def test_sources_stay_readable_and_harmless(module):
    """Short lines and modules; nothing that runs a text, parses markup, or sends or stores anything."""
    source = (SOURCES / module).read_text(encoding="utf-8")
    assert max(map(len, source.splitlines())) <= 120 and len(source.splitlines()) <= 250
    markup, running = r"innerHTML|outerHTML|insertAdjacent", r"\beval\b|\bFunction\("
    sending = r"\bfetch\(|XMLHttp|WebSocket|sendBeacon|Storage\b"
    assert not re.search(f"{markup}|{running}|{sending}", source)
