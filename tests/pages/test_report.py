"""The report in a real browser: at three widths, in light and dark, on paper, for readers who do not see it."""

import re
import shutil

import pytest

from vaecli.runs.history import COLUMNS, write_metrics
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.report.target import report_target
from vaecli.tasks.report.write import write_report

PAPER = 688  # pixels: A4 without its margins
LEAST_CONTRAST = 4.5  # of text, by WCAG 2.2 AA
CONTRAST = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const parts = parse(colour).slice(0, 3).map((value) => value / 255)
      .map((value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor, parts = parse(colour);
      if (parts.length < 4 || parts[3] > 0) return colour;
    }
  };
  let lowest = 21;
  const texts = "h1, h2, h3, p, a, b, td, th, dt, dd span, figcaption, li, code";
  for (const element of document.querySelectorAll(texts)) {
    const [one, two] = [light(getComputedStyle(element).color), light(ground(element))];
    lowest = Math.min(lowest, (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05));
  }
  for (const element of document.querySelectorAll("svg text")) {
    const [one, two] = [light(getComputedStyle(element).fill), light(ground(element))];
    lowest = Math.min(lowest, (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05));
  }
  return lowest;
}"""
SMALLEST_TEXT = """() => {
  const width = (text) => text.ownerSVGElement.getBoundingClientRect().width;
  const size = (text) => parseFloat(getComputedStyle(text).fontSize) * width(text) / 340;
  return Math.min(...[...document.querySelectorAll("svg text")].map(size));
}"""


@pytest.fixture(scope="module")
def report(mixed_folder, measured_quality, measured_probes, tmp_path_factory):
    """A report with every part, with the curves of a run, and with a warning."""
    run = tmp_path_factory.mktemp("run")
    shutil.copytree(mixed_folder, run / "model")
    (run / "config.toml").write_text('data = "fashion-mnist-mini"\n', encoding="utf-8")
    (run / "provenance.json").write_text('{"started": "2026"}', encoding="utf-8")
    losses = [300 - 50 * (1 - 0.8**epoch) for epoch in range(30)]
    rows = [
        dict.fromkeys(COLUMNS, loss) | {"epoch": epoch, "val_loss": loss + 2}
        for epoch, loss in enumerate(losses, start=1)
    ]
    write_metrics(run / "metrics.csv", rows)
    target = report_target(tmp_path_factory.mktemp("report") / "report.html")
    model = Model.open(run)
    measured = evaluate(model, prior="normal")
    write_report(model, measured, target, quality=measured_quality, probes=measured_probes)
    return target.page


@pytest.fixture
def opened(chromium, report):
    """Opens the report at a width, in a colour scheme; the browser must have nothing to complain of."""
    contexts, messages = [], []

    def opened(width, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: request.url.startswith("http") and messages.append(request.url))
        page.goto(report.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert messages == []


def test_every_part_is_there(opened):
    """So that each of the other tests is about all of them."""
    page = opened(1280)
    anchors = set(page.evaluate("[...document.querySelectorAll('section')].map((section) => section.id)"))
    parts = {"training", "quality", "probes", "latents", "classes", "extremes", "closest", "warnings"}
    assert parts <= anchors
    assert page.locator("#quality thead").first.locator("th").count() == 6


@pytest.mark.parametrize(("width", "scrolls"), [(360, True), (800, False)])
def test_wide_tables_scroll_in_their_frame(opened, width, scrolls):
    """Where a frame is narrower than its table, each cell can be scrolled to beside the name of its row."""
    page = opened(width)
    table = page.locator("#quality .wide").first
    assert table.evaluate("(frame) => frame.scrollWidth > frame.clientWidth") == scrolls
    frames = page.locator("#quality .wide, #probes .wide").all()
    assert len(frames) >= 3
    for frame in frames:
        frame.evaluate("(frame) => { frame.scrollLeft = 1e6; }")
        cell = frame.locator("tr").last.locator("td").last.bounding_box()
        assert cell["x"] + cell["width"] <= width
        name = frame.locator("tr").last.locator("th").bounding_box()
        assert 0 <= name["x"] < name["x"] + name["width"] <= cell["x"]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(opened, width):
    """The page does not scroll sideways, and text in charts stays readable."""
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SMALLEST_TEXT) >= 10
    loaded = page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert loaded and page.evaluate("document.images.length") >= 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(opened, scheme):
    """All text, that of charts too, can be told from its ground; dark is dark."""
    page = opened(1280, scheme)
    assert page.evaluate(CONTRAST) >= LEAST_CONTRAST
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert (brightness < 64) == (scheme == "dark")


def test_every_picture_has_words(opened):
    """Charts and sheets say what they show, and tables that scroll can be reached by the keyboard."""
    page = opened(768)
    assert page.evaluate("[...document.images].every((image) => image.alt.length > 10)")
    charts = page.locator("svg[role=img] > title").all_text_contents()
    assert len(charts) >= 4 and all(len(text) > 20 for text in charts)
    assert page.evaluate("[...document.querySelectorAll('.wide')].every((part) => part.tabIndex === 0)")


def test_on_paper(opened):
    """Printed from a dark screen it is light, and has a few pages of A4."""
    page = opened(768, "dark")
    page.emulate_media(media="print")
    assert page.evaluate(CONTRAST) >= LEAST_CONTRAST
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.set_viewport_size({"width": PAPER, "height": 900})
    rights = page.evaluate(
        "[...document.querySelectorAll('table')].map((table) => table.getBoundingClientRect().right)"
    )
    assert max(rights) <= PAPER
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert 3 <= pages <= 15
