"""A server for one page, on this machine alone.

It answers GET requests for one secret path, and computes nothing. Any page in the user's browser can send requests
to a port of this machine, also under a name of its own (DNS rebinding): so the Host of each request must be this
machine by one of its fixed names, and the path must have the secret. There is no state and no cookie.
"""

import http.server
import os
import secrets
import socketserver
from http import HTTPStatus
from typing import Any

from vaecli.errors import OutputError
from vaecli.pages.page import Page

ADDRESS = "127.0.0.1"
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
MOST_PORT = 2**16 - 1
_PATIENCE = 30.0  # seconds that a connection may wait with its request; browsers open some in advance


class PageServer(http.server.ThreadingHTTPServer):
    """Serves a page until it is closed; each connection has a thread, so that idle ones block no other.

    Attributes:
        page: the page.
        path: the path of the page, with a secret of 128 bits.
    """

    allow_reuse_address = os.name != "nt"  # on Windows it would share a port that is in use
    daemon_threads = True
    block_on_close = False  # an idle connection must not hold the end up
    request_queue_size = 128

    def __init__(self, page: Page, port: int = 0) -> None:
        """Listen on a port; 0 takes a free one.

        Raises:
            OutputError: the port is taken, or may not be used.
        """
        self.page, self.path = page, f"/{secrets.token_urlsafe(16)}/"
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise OutputError(
                f"Cannot listen on port {port}: {error.strerror or error}.",
                hint="Leave --port out to take a free one, or name another.",
            ) from error

    def server_bind(self) -> None:
        """Bind without the look-up of a name for the address, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.server_address[1]}{self.path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that a browser has closed."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: PageServer
    timeout = _PATIENCE
    server_version = "vaecli"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with the page, or with a status and no content."""
        if not _is_local(self.headers.get_all("Host", [])):
            self._answer(HTTPStatus.FORBIDDEN)
        elif not secrets.compare_digest(self.path.encode(), self.server.path.encode()):
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, self.server.page.content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a malformed request, or one that is not GET, with a status and no content."""
        del message, explain
        self._answer(
            HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        )

    def _answer(self, status: HTTPStatus, content: bytes = b"") -> None:
        self.send_response(status)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(content)),
            "Content-Security-Policy": self.server.page.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = "GET"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: the path is a secret."""


def _is_local(hosts: list[str]) -> bool:
    """Say whether a request names this machine, whatever the port: a tunnel may lead from another."""
    if len(hosts) != 1:
        return False
    name, colon, port = hosts[0].strip().rpartition(":")
    if colon and not port.isdecimal():  # [::1] without a port
        name = hosts[0].strip()
    elif not colon:
        name = port
    return name.lower() in HOSTS
