"""Time the page of the explorer in Chromium, from the navigation to the first decoded picture.

    python examples/benchmarks/explorer.py [PAGE.html] [LOADS]

The page sets a mark when the first picture is painted; its time counts from the start of the navigation.
Each load is in a context of its own, so that nothing is cached. Needs playwright, and Chromium.
"""

import pathlib
import shutil
import statistics
import sys

from playwright.sync_api import Browser, sync_playwright

PAGE = pathlib.Path(__file__).parents[1] / "explorer.html"
LOADS = 11
MARKS = ("script", "decoder", "first picture", "complete")  # the script starts; the decoder is open
TIMES = "() => Object.fromEntries(performance.getEntriesByType('mark').map((mark) => [mark.name, mark.startTime]))"


def main() -> None:
    """Print the median and the range of each mark, in milliseconds."""
    page = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else PAGE).resolve()
    loads = int(sys.argv[2]) if len(sys.argv) > 2 else LOADS
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        marks = [marks_of(browser, page) for _ in range(loads)]
        browser.close()
    for name in MARKS:
        times = [load[name] for load in marks]
        print(f"{name:14} {statistics.median(times):6.0f} ms, {min(times):.0f} to {max(times):.0f}")


def marks_of(browser: Browser, page: pathlib.Path) -> dict[str, float]:
    """Load a page; return the time of each mark in milliseconds."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(f"file://{page}")
    tab.wait_for_selector("#check[data-state]", timeout=120_000)
    marks: dict[str, float] = tab.evaluate(TIMES)
    context.close()
    return marks


if __name__ == "__main__":
    main()
