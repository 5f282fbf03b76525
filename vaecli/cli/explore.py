"""`vaecli explore`."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.cli import console
from vaecli.cli.models import model_or_bundled
from vaecli.cli.parameters import (
    ModelOrBundledArgument,
    ModelOrBundledOption,
    NoExamplesOption,
    QuietOption,
    WithPicturesOption,
)

if TYPE_CHECKING:
    from vaecli.tasks.page import ModelPage


@console.usage_errors
def explore(
    model: ModelOrBundledArgument = None,
    model_option: ModelOrBundledOption = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to serve on.", show_default="a free one")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address alone; open no browser.")
    ] = False,
    no_examples: NoExamplesOption = False,
    with_pictures: WithPicturesOption = False,
    quiet: QuietOption = False,
) -> None:
    """Open a model in the browser: move through its latent space. Ctrl-C ends it.

    The page is served to this machine alone, and computes all pictures itself. `vaecli export --html` writes the
    same page as a file.

    [dim]vaecli explore[/dim]

    [dim]vaecli explore shoes/ --no-browser --port 8765[/dim]
    """
    from vaecli.tasks.explore import serve
    from vaecli.tasks.page import PageOptions, model_page

    options = PageOptions(examples=not no_examples, pictures=with_pictures)
    made = model_page(model_or_bundled(model, model_option, quiet=quiet)[0], options)
    with serve(made.page, port or 0) as server:
        if not quiet:
            say_what_travels(made)
        console.say(server.url)
        if not quiet:
            console.note("Ctrl-C ends it.")
        if not no_browser and not _open_browser(server.url):
            console.note("There is no browser here. Open the address in a browser on this machine.")
        server.serve_forever()


def say_what_travels(made: "ModelPage") -> None:
    """Print what a page holds, so that nobody shares more than they want to."""
    console.note(f"The page holds {', '.join(made.travels)}: {len(made.page.content) / 1e6:.2f} MB.")


def _open_browser(url: str) -> bool:
    """Open an address in the user's browser; return whether there is one."""
    has_display = sys.platform in ("win32", "darwin") or any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))
    )
    if not has_display:
        return False
    import webbrowser

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
