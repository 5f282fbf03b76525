"""`vaecli explore`: the page of a model, served to this machine."""

import contextlib
from collections.abc import Iterator

from vaecli.pages.page import Page
from vaecli.pages.server import PageServer


@contextlib.contextmanager
def serve(page: Page, port: int = 0) -> Iterator[PageServer]:
    """Yield a server that listens on a port of this machine, 0 for a free one; it is closed at the end.

    The caller calls its `serve_forever`.

    Raises:
        OutputError: the port is taken, or may not be used.
    """
    server = PageServer(page, port)
    try:
        yield server
    finally:
        server.server_close()
