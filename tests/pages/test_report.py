"""The report in a real browser: at three widths, in light and dark, on paper, for readers who do not see it."""

import re

import pytest

from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.report.target import report_target
from vaecli.tasks.report.write import write_report

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
def report(mixed_model, tmp_path_factory):
    """A report with every part that has no quality and no run, with a warning."""
    target = report_target(tmp_path_factory.mktemp("report") / "report.html")
    write_report(mixed_model, evaluate(mixed_model, prior="normal"), target)
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
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert 3 <= pages <= 15
