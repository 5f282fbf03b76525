"""`vaecli explore` serves the page that `vaecli export --html` writes."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def serving(here):
    """Starts `vaecli explore` as a process; returns it and the address that it prints."""
    processes = []

    def serving(*arguments, **environment):
        command = [sys.executable, "-m", "vaecli", "explore", *map(str, arguments)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | environment, text=True
        )
        processes.append(process)
        return process, process.stdout.readline().strip()

    yield serving
    for process in processes:
        process.kill()
        process.communicate()


def fetched(address):
    """Return what a GET of an address gives."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read()


def test_the_served_bytes_are_those_of_the_file(call, serving, model_folder, here):
    """One page, two doors; Ctrl-C ends the server with 130."""
    shutil.copytree(model_folder, here / "shoes")
    code, stdout, stderr = call("export", "-m", "shoes", "--html", "shoes.html")
    assert (code, stdout) == (0, "shoes.html\n") and "The page holds decoder.onnx, encoder.onnx:" in stderr
    process, address = serving("shoes", "--no-browser")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{22}/", address)
    assert fetched(address) == pathlib.Path("shoes.html").read_bytes()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetched(address[:-2] + "/")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert "Traceback" not in process.stderr.read()


def test_a_machine_without_a_display(serving, model_folder):
    """It says that the address is to be opened by hand, and serves."""
    process, address = serving("-m", model_folder, DISPLAY="", WAYLAND_DISPLAY="")
    assert b"<title>mini-2d" in fetched(address)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    lines = process.stderr.read().splitlines()
    assert "There is no browser here. Open the address in a browser on this machine." in lines
    assert "Ctrl-C ends it." in lines


def test_a_taken_port(call, model_folder):
    """A clear line, and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, stdout, stderr = call("explore", model_folder, "--port", port, "--no-browser")
    assert code == 1 and stdout == ""
    assert f"Cannot listen on port {port}" in stderr and "Leave --port out" in stderr


def test_a_named_port(serving, model_folder):
    """The page is where the user wants it, for a tunnel."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, address = serving(model_folder, "--port", port, "--no-browser", "--quiet")
    assert address.startswith(f"http://127.0.0.1:{port}/") and fetched(address)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--html", "page.txt"], 2, "--html must name an .html file, got page.txt"),
        (["--html", "page.html", "--int8"], 2, "--int8 must be left out with --html"),
        (["--html", "page.html", "-o", "folder"], 2, "--out must be left out with --html"),
        (["--html", "page.html", "--with-pictures"], 1, "--with-pictures needs the run"),
        (["--with-pictures"], 2, "--with-pictures needs --html"),
        (["--html", "nosuch/page.html"], 1, "Cannot write nosuch/page.html"),
    ],
)
def test_usage(call, here, model_folder, arguments, code, message):
    """Options without a meaning here, and places that cannot be written, are refused before anything is written."""
    actual, _, stderr = call("export", "-m", model_folder, *arguments)
    assert actual == code and message in " ".join(stderr.split()).replace("│ ", ""), stderr
    assert list(here.iterdir()) == []


def test_a_file_is_not_overwritten(call, here, model_folder):
    """Without --force what is there stays."""
    (here / "page.html").write_text("mine")
    code, _, stderr = call("export", "-m", model_folder, "--html", "page.html")
    assert code == 1 and "exists" in stderr and (here / "page.html").read_text() == "mine"
    assert call("export", "-m", model_folder, "--html", "page.html", "--force", "-q")[0] == 0
    assert (here / "page.html").stat().st_size > 500_000


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_a_damaged_model(call, here, model_folder, content):
    """Neither a page nor a server comes of it."""
    folder = shutil.copytree(model_folder, here / "model")
    (folder / "encoder.onnx").write_bytes(
        (folder / "encoder.onnx").read_bytes()[:-9] if content is None else content
    )
    for words in (["explore", "model", "--no-browser"], ["export", "-m", "model", "--html", "page.html"]):
        code, _, stderr = call(*words)
        assert code == 1 and "encoder.onnx" in stderr and "Traceback" not in stderr
    assert not (here / "page.html").exists()
