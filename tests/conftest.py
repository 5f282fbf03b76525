"""What tests of several packages share: the committed model, the program, forged files."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import hypothesis
import pytest

from vaecli.cli.main import main
from vaecli.runtime import wire
from vaecli.runtime.info import KEY_DIGEST, KEY_FORMAT, KEY_INFO
from vaecli.runtime.model import Model
from vaecli.runtime.modelfile import BLANK, digest

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("patient")
for _name in ("FORCE_COLOR", "GITHUB_ACTIONS", "NO_COLOR", "PY_COLORS", "TERMINAL_WIDTH", "TTY_COMPATIBLE"):
    os.environ.pop(_name, None)  # with them rich and typer write colour into a pipe, or choose another width

MINI_2D = pathlib.Path(__file__).parent / "models" / "mini-2d"
SMALL = MINI_2D.with_name("small")


@pytest.fixture(scope="session")
def model_folder():
    """The committed model: D = 2, 28 x 28 grey, trained on fashion-mnist-mini. Not to be written to."""
    return MINI_2D


@pytest.fixture(scope="session")
def small_folder():
    """The other committed model: D = 2, 14 x 13 grey, with decoders of all precisions. Not to be written to."""
    return SMALL


@pytest.fixture(scope="session")
def model():
    """The committed model, opened once."""
    return Model.open(MINI_2D)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, and the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(here, monkeypatch, capsys):
    """The program in this process, through its real `main`: (exit code, stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["vaecli", *map(str, arguments)])
        before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def process(here):
    """The program, or Python code in its place, in a process of its own; its pipes give bytes."""

    def process(*arguments, code=None, **environment):
        command = [sys.executable, "-m", "vaecli"] if code is None else [sys.executable, "-c", code]
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=here,
            env=os.environ | {"COLUMNS": "80"} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )

    return process


@pytest.fixture
def two_workers(tmp_path):
    """Starts a command as two workers of a cluster on this machine."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    started = []

    def start(*command, to_chief=(), to_other=()):
        for index, more in enumerate((to_chief, to_other)):
            here = tmp_path / str(index)
            here.mkdir(exist_ok=True)
            place = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            started.append(
                subprocess.Popen(
                    [sys.executable, *map(str, (*command, *more))],
                    cwd=here,
                    env=os.environ | {"TF_CONFIG": json.dumps(place)},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        return started[-2:]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def contents():
    """All that lies below a folder: relative path -> bytes, or None for a folder."""

    def contents(folder):
        found = sorted(pathlib.Path(folder).rglob("*"))
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found
        }

    return contents


class Forge:
    """Makes .onnx files by hand, right digest and all: enough of protobuf's wire format to write a model."""

    @staticmethod
    def varint(value):
        groups = []
        while value >= 0x80:
            groups.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*groups, value])

    @classmethod
    def field(cls, number, payload):
        """One field of wire type 2, bytes."""
        return cls.varint(number << 3 | 2) + cls.varint(len(payload)) + payload

    @classmethod
    def model(cls, entries, graph=b""):
        """A ModelProto with this graph and these metadata entries."""
        content = cls.field(wire.GRAPH, graph)
        for key, value in entries.items():
            entry = cls.field(1, key.encode()) + cls.field(2, value.encode())
            content += cls.field(wire.METADATA_PROPS, entry)
        return content

    @classmethod
    def stamped(cls, entries, graph=b""):
        """The same, with a digest that is right."""
        return cls.stamp(cls.model({**entries, KEY_DIGEST: BLANK.decode()}, graph))

    @staticmethod
    def stamp(content):
        """Put the right digest in the place of the one that is there."""
        _, where = wire.metadata(content)[KEY_DIGEST]
        return content[:where] + digest(content, where).encode() + content[where + 64 :]

    @staticmethod
    def entries(path):
        """The metadata of a real file, but for its digest."""
        found = wire.metadata(path.read_bytes())
        return {key: found[key][0] for key in (KEY_FORMAT, KEY_INFO)}

    @classmethod
    def with_entries(cls, content, entries):
        """A real model with other metadata, and a digest that is right."""
        copied = b""
        for number, kind, first, last in wire.fields(content, 0, len(content)):
            if number == wire.METADATA_PROPS:
                continue
            if kind == wire.BYTES:
                copied += cls.field(number, content[first:last])
            else:
                copied += cls.varint(number << 3 | kind) + content[first:last]
        return cls.stamp(copied + cls.model({**entries, KEY_DIGEST: BLANK.decode()})[2:])


@pytest.fixture(scope="session")
def forge():
    """`Forge`: .onnx files made by hand."""
    return Forge
