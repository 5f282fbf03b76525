"""Workers wait for each other, and can be called away."""

import contextlib
import socket
import threading

import pytest

from vaecli.errors import ConfigError, TrainingError
from vaecli.training.cluster import rendezvous
from vaecli.training.cluster.tf_config import Cluster


@pytest.fixture
def address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return f"127.0.0.1:{port}"


def start(address, worker, ended, stop=lambda: None, workers=3):
    def wait():
        ended[worker] = rendezvous.meet(Cluster(workers, worker, address), stop)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_all_go_when_all_are_there(address, order):
    """In any order; a probe of the port, and a worker that left again, do not count."""
    ended, called = {}, threading.Event()
    gone = start(address, 1, ended, stop=lambda: "called away" if called.is_set() else None)
    threads = [start(address, order[0], ended), start(address, order[1], ended)]
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1) as probe:
        probe.sendall(b"GET / HTTP/1.1")
    called.set()
    gone.join()
    assert ended.pop(1, "called away") == "called away"
    threads.append(start(address, order[2], ended))
    for thread in threads:
        thread.join(timeout=10)
    assert ended == {0: None, 1: None, 2: None}


@pytest.mark.parametrize("worker", [0, 1])
def test_nobody_waits_for_ever(address, worker, monkeypatch):
    """Nor longer than told to."""
    assert rendezvous.meet(Cluster(2, worker, address), lambda: "stopped by Ctrl-C") == "stopped by Ctrl-C"
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.3)
    with pytest.raises(TrainingError, match=f"in vain for 2 workers to meet at {address}"):
        rendezvous.meet(Cluster(2, worker, address), lambda: None)


@pytest.mark.parametrize("address", ["2222", "host:", ":7", "host:port", "127.0.0.1:70000"])
def test_an_address_that_is_none(address):
    with pytest.raises(ConfigError, match="TF_CONFIG"):
        rendezvous.meet(Cluster(2, 0, address), lambda: None)
