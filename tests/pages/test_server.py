"""The server gives the page to this machine and to nobody else, and does nothing else."""

import http.client
import socket
import threading

import pytest

from vaecli.errors import OutputError
from vaecli.pages.page import Page
from vaecli.pages.server import PageServer

PAGE = Page(b"<p>page", "default-src 'none'")


@pytest.fixture
def server():
    """A server of a small page, in a thread."""
    with PageServer(PAGE) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def ask(server):
    """Sends raw lines as a request; returns the status line and the whole answer."""

    def ask(*lines):
        with socket.create_connection(server.server_address[:2], timeout=20) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return int(answer.split()[1]) if answer else 0, answer

    return ask


def test_the_page(server):
    """The secret path gives the bytes, with the headers that keep them where they are."""
    connection = http.client.HTTPConnection(*server.server_address[:2])
    connection.request("GET", server.path)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    assert answer.status == 200 and answer.read() == PAGE.content
    assert headers["content-security-policy"] == PAGE.policy
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")] and "set-cookie" not in headers
    assert server.server_address[0] == "127.0.0.1" and len(server.path) > 20


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST:1", "localhost:8888", "[::1]", "[::1]:80"]
)
def test_names_of_this_machine(server, ask, host):
    """Each fixed name works with any port or none: a tunnel may lead from another port."""
    assert ask(f"GET {server.path} HTTP/1.1", f"Host: {host}")[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "localhost@evil",
        "0.0.0.0",
        "",
        "::1:80x",
    ],
)
def test_foreign_names(server, ask, host):
    """A page of another site, whose name leads to this machine, gets nothing, even with the secret."""
    status, answer = ask(f"GET {server.path} HTTP/1.1", f"Host: {host}")
    assert status == 403 and PAGE.content not in answer


def test_no_name_and_two_names(server, ask):
    """A request must name one host."""
    assert ask(f"GET {server.path} HTTP/1.1")[0] == 403
    assert ask(f"GET {server.path} HTTP/1.1", "Host: localhost", "Host: evil.example")[0] == 403


def test_the_secret_is_needed(server, ask):
    """No other path leads to the page: none, a part, more, encoded, climbing, or a whole address."""
    secret = server.path.strip("/")
    others = ["/", f"/{secret}", f"/{secret[:-1]}/", f"{server.path}x", f"/x/..{server.path}", "/favicon.ico"]
    others += [f"/%{ord(secret[0]):x}{secret[1:]}/", f"http://localhost{server.path}"]
    others += [f"{server.path}../../etc/passwd", f"{server.path}?a=1"]
    for path in others:
        status, answer = ask(f"GET {path} HTTP/1.1", "Host: localhost")
        assert status == 404 and PAGE.content not in answer, path


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "X"])
def test_get_alone(server, ask, method):
    """There is nothing to change, and nothing for other sites to ask leave for."""
    status, answer = ask(f"{method} {server.path} HTTP/1.1", "Host: localhost", "Content-Length: 0")
    assert status == 405 and PAGE.content not in answer and b"access-control" not in answer.lower()


def test_malformed_requests(server, ask):
    """They get a status without a page, and the server goes on."""
    for line in ("GET", "GET / HTTP/9.9", "\x00\x01", f"GET {server.path} HTTP/1.1 more"):
        status, answer = ask(line)
        assert status in (0, 400, 403, 505) and PAGE.content not in answer  # HTTP/0.9 has no status
    assert ask("GET /" + "a" * 70000 + " HTTP/1.1", "Host: localhost")[0] == 414
    assert ask(f"GET {server.path} HTTP/1.1", "Host: localhost")[0] == 200


def test_connections_that_stay_open(server, ask):
    """Browsers open connections in advance: fifty idle ones keep nobody waiting."""
    idle = [socket.create_connection(server.server_address[:2]) for _ in range(50)]
    assert ask(f"GET {server.path} HTTP/1.1", "Host: localhost")[0] == 200
    for connection in idle:
        connection.close()


def test_a_taken_port(server):
    """The message names the port, and what to do."""
    with pytest.raises(OutputError, match=rf"port {server.server_address[1]}: .*--port") as error:
        PageServer(PAGE, server.server_address[1])
    assert "Leave --port out" in str(error.value)
