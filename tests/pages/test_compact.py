"""Scripts and styles keep their meaning without comments and needless spaces."""

import pytest

from vaecli.pages.compact import compact_script, compact_style


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/** Doc. */\n// line\nconst a = 1; // why\n\n  let b = a / 2 / 3;\n", "const a=1;\nlet b=a/2/3;"),
        ('const a = "http://x  y"; // c', 'const a="http://x  y";'),
        ("const a = 'it // is';", "const a='it // is';"),
        ("const p = /a \\/ [/ ] b/g.test(x) / 2;", "const p=/a \\/ [/ ] b/g.test(x)/2;"),
        ("f(/ /, a)", "f(/ /,a)"),
        (
            "const t = `a  ${ b ? ` c  ${ d } ` : {e: 1 } }  // f`;",
            "const t=`a  ${b?` c  ${d} `:{e:1}}  // f`;",
        ),
        ("const t = `\\`  \\${ `;", "const t=`\\`  \\${ `;"),
        ("a + +b - -c", "a+ +b- -c"),
        ("return x in y", "return x in y"),
        ("a\n\n  b", "a\nb"),
    ],
)
def test_scripts(source, expected):
    """Texts, patterns and templates stay as they are; words and signs stay apart."""
    assert compact_script(source) == expected


def test_styles():
    """Comments and spaces go, but for those between values and selectors."""
    source = "/* a */\n.b > c:hover {\n  margin: 0 auto; /* d */\n  font: 1px/2 x, y;\n}\n"
    source += "@media (width < 9px) { a { b: c; } }\n"
    assert compact_style(source) == ".b > c:hover{margin:0 auto;font:1px/2 x,y;}@media (width < 9px){a{b:c;}}"
