"""axe-core finds nothing serious, on a phone in light colours and a screen in dark ones, with each tool open."""

import pathlib

import pytest

axe = pytest.importorskip("axe_playwright_python", reason="needs the `test` extra: axe-playwright-python")
SCRIPT = (pathlib.Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
SIZES = {"phone": {"width": 360, "height": 640}, "screen": {"width": 1280, "height": 800}}


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("screen", "dark")])
def test_nothing_serious(visit, page_file, measured_folder, size, scheme):
    """Names, roles, contrast of 4.5 to 1, focus order: no serious and no critical finding."""
    page = visit(
        f"file://{page_file(measured_folder)}#stops=1,1;0,0", viewport=SIZES[size], color_scheme=scheme
    )
    page.evaluate(SCRIPT)
    for name in ("sliders", "samples", "path", "pictures", "classes", "about"):
        page.click(f"#tab-{name}" if name != "about" else "#check")
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        page.wait_for_timeout(100)
        violations = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        serious = [
            (violation["id"], [node["html"][:120] for node in violation["nodes"]][:3])
            for violation in violations
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == [], name
