"""Fixtures for tests of the page, in a real Chromium, driven by playwright; no browser is downloaded."""

import base64
import functools
import http.server
import io
import json
import os
import re
import shutil
import sys
import threading
import zlib

import numpy as np
import pytest

from vaecli.modelfile.metadata import ModelInfo
from vaecli.pages.compression import WIDTHS
from vaecli.pages.page import SOURCES, Page
from vaecli.pages.server import PageServer
from vaecli.runs.kept import KeptImages
from vaecli.tasks.page import PageOptions, model_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium. The Linux machines of GitHub have one; elsewhere the tests are skipped by name."""
    if CHROMIUM is None:
        reason = "the pages are tested in Chromium, which is not here: apt-get install chromium"
        if os.environ.get("GITHUB_ACTIONS") and sys.platform == "linux":
            pytest.fail(reason)
        pytest.skip(reason)
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the `test` extra: playwright")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Log nothing."""


@pytest.fixture(scope="session")
def modules(chromium):
    """Runs JavaScript with the page's modules: `modules({"model/paths.js": ["linear"]}, "linear(argument)")`."""
    handler = functools.partial(_Quiet, directory=SOURCES)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_address[1]}/vendor/gifenc/LICENSE.md")

    def run(imports, expression, argument=None):
        names = "\n".join(
            f"const {{ {', '.join(exports)} }} = await import('/{module}');"
            for module, exports in imports.items()
        )
        return page.evaluate(f"async (argument) => {{ {names} return ({expression}); }}", argument)

    yield run
    page.close()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    """Writes the page of a model folder to a file, once for each model and options; returns its path."""

    @functools.cache
    def page_file(folder, **options):
        path = tmp_path_factory.mktemp("page") / "page.html"
        path.write_bytes(model_page(folder, PageOptions(**options)).page.content)
        return path

    return page_file


@pytest.fixture
def visit(chromium):
    """Opens an address in a context of its own; at the end there must be no error and no request but the first."""
    contexts, problems, requests = [], [], []

    def visit(address, **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(str(address))
        page.wait_for_selector("#check[data-state]")
        return page

    visit.problems = problems
    yield visit
    for context in contexts:
        context.close()
    assert problems == []
    assert len([url for url in requests if not url.startswith(("blob:", "data:"))]) == len(contexts)


@pytest.fixture(scope="session")
def served(page_file):
    """Serves the page of a model folder; returns its address. Only such pages may use the clipboard."""
    servers = []

    @functools.cache
    def served(folder):
        server = PageServer(Page(page_file(folder).read_bytes(), "base-uri 'none'"))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.url

    yield served
    for server in servers:
        server.shutdown()
        server.server_close()


def decompressed(stretches, data):
    """Return the bytes of a file that `compress` made short."""
    content = zlib.decompress(base64.b85decode(data.replace(".", "<")))
    position = sum(count for count, width in stretches if not width)
    sources = {0: io.BytesIO(content[:position])}
    for width in WIDTHS:
        size = sum(count for count, own in stretches if abs(own) == width)
        planes = np.frombuffer(content[position : position + size], np.uint8).reshape(width, -1)
        sources[width] = io.BytesIO(planes.T.tobytes())
        position += size
    parts = [(sources[abs(width)].read(count), width) for count, width in stretches]
    return b"".join(base64.b64encode(part) if width < 0 else part for part, width in parts)


@pytest.fixture
def held():
    """Reads what a page holds: its name, its model files as bytes, its pictures."""

    def held(content):
        text = re.search(rb'<script type="application/json" id="contents">(.*?)</script>', content)[1]
        data = json.loads(text)
        files = {
            name: decompressed(**data[name])
            for name in ("decoder", "encoder", "pictures")
            if data[name] is not None
        }
        return data | files

    return held


@pytest.fixture
def export_untrained():
    """Exports a small network of random weights; returns the folder."""

    def export_untrained(folder, network, pixels, shape, *, labels=0, precisions=()):
        from vaecli.export.folder import export_folder
        from vaecli.probability.likelihoods import likelihood
        from vaecli.training.networks import table
        from vaecli.training.vae import build

        known = likelihood(pixels)
        size = table.size(network, shape, width=16)
        vae = build(network, known, shape, 3, seed=1, size=size, label_count=labels)
        rng = np.random.default_rng(5)
        for variable in vae.variables:  # new biases are zero: a lost one would not show
            variable.assign_add(rng.normal(scale=0.1, size=variable.shape))
        info = ModelInfo(
            part="",
            model_id="0123",
            name="test",
            image_shape=shape,
            latent_dim=3,
            network=network,
            likelihood={"name": pixels, "outputs": list(known.outputs), "parameters": known.parameters},
            preparation={"scale": 255, "polarity": "any", "photo": "resize", "reading": {"fit": "pad"}},
            prior={"name": "normal"},
            class_names=tuple("abcd"[:labels]),
            data={"name": "made up", "count": 1},
            training={"val_loss": 1.0},
            software={"vaecli": "0"},
            created="now",
            inputs=("z", "label") if labels else (),
        )
        images = KeptImages(*(rng.integers(0, 256, (10, *shape), dtype=np.uint8) for _ in range(2)))
        export_folder(vae, info, images, folder, precisions=precisions)
        return folder

    return export_untrained
