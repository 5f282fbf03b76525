"""Make examples/explorer.html and its picture from an exported model.

    python examples/make/explorer_page.py MODEL

The committed page is of a run of `vaecli train --data fashion-mnist --epochs 30`, exported with --fp16. The
picture needs Chromium and playwright.
"""

import io
import pathlib
import shutil
import sys

import PIL.Image
from playwright.sync_api import sync_playwright

from vaecli.tasks.page import write_page

EXAMPLES = pathlib.Path(__file__).parents[1]
PAGE, PICTURE = EXAMPLES / "explorer.html", EXAMPLES / "pictures" / "explorer.png"


def main() -> None:
    """Write both files."""
    _, made = write_page(pathlib.Path(sys.argv[1]), PAGE, force=True)
    print(f"{PAGE}: {len(made.page.content):,} bytes, {', '.join(made.travels)}")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"file://{PAGE}#seed=3")
        page.click("#tab-samples")
        page.click(".samples .picture:nth-child(2)")
        page.click("#tab-sliders")
        page.wait_for_timeout(20_000)
        screen = PIL.Image.open(io.BytesIO(page.screenshot()))
        screen.convert("RGB").save(PICTURE, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
