"""A small data set in MNIST's form, and a real HTTP server on the loopback."""

import gzip
import hashlib
import http.server
import threading
import time

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.catalogue import DataFile, DataSet


class Mirror(http.server.ThreadingHTTPServer):
    """HTTP server of `files` (path to content); `behaviour` is how a path misbehaves, `requests` is a log."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.behaviour, self.requests = {}, {}, []

    def url(self, folder):
        return f"http://127.0.0.1:{self.server_port}/{folder}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        content = self.server.files.get(self.path)
        behaviour = self.server.behaviour.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if behaviour == "endless":
            self.end_headers()
            while True:
                self.wfile.write(bytes(2**16))
        length = "many" if behaviour == "no length" else len(content) + 100 * (behaviour == "stalls")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if behaviour == "hangs up":
            content = content[: len(content) // 2]
        self.wfile.write(content)
        if behaviour == "stalls":
            time.sleep(2)

    def do_HEAD(self):
        self.send_error(405)

    def log_message(self, *_):
        """Print nothing."""

    def handle(self):
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client closed the connection


@pytest.fixture
def mirror():
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def make_arrays():
    rng = np.random.default_rng(0)
    shapes = {
        ("train", "images"): (7, 5, 4),
        ("train", "labels"): (7,),
        ("test", "images"): (3, 5, 4),
        ("test", "labels"): (3,),
    }
    return {key: rng.integers(0, 3, shape, np.uint8) for key, shape in shapes.items()}


ARRAYS = make_arrays()


def make_dataset(name="fashion-mnist", hash_of="content", package="dataset-fashion-mnist"):
    """Return a data set of 7 + 3 images under a name of the catalogue, and its four .gz files by name."""
    packed = {key: gzip.compress(encode_idx(array), 6, mtime=0) for key, array in ARRAYS.items()}
    files = []
    for (split, part), array in ARRAYS.items():
        hashed = encode_idx(array) if hash_of == "content" else packed[split, part]
        digest = hashlib.sha256(hashed).hexdigest()
        files.append(DataFile(split, part, array.shape, digest, hash_of))
    dataset = DataSet(name, "small", "none", ("a", "b", "c"), 7, 3, tuple(files), (), package)
    return dataset, {file.name: packed[file.split, file.part] for file in files}


@pytest.fixture
def arrays():
    return ARRAYS


@pytest.fixture
def make_small():
    return make_dataset


@pytest.fixture
def small():
    return make_dataset()


@pytest.fixture
def serve(mirror):
    """Put files into a folder of the mirror; the fixture returns the URL of the folder."""

    def serve(folder, files):
        mirror.files |= {f"/{folder}/{name}": content for name, content in files.items()}
        return mirror.url(folder)

    return serve
