"""Workers wait for each other, and a signal ends the wait."""

import contextlib
import re
import socket
import threading

import pytest

from vaecli.errors import ConfigError, TrainingError
from vaecli.training.cluster import rendezvous
from vaecli.training.cluster.tf_config import Cluster


def has_ipv6():
    """Return whether this machine has an IPv6 loopback."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=["127.0.0.1", "localhost", "[::1]"])
def address(request):
    """A free address on the loopback, as an IPv4 address, a name and an IPv6 address."""
    if "::" in request.param and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return f"{request.param}:{port}"


def start(address, worker, ended, stop=lambda: None, workers=3):
    def wait():
        ended[worker] = rendezvous.meet(Cluster(workers, worker, address), stop)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_all_are_released_together(address, order):
    """Workers are released when all are connected, in any order; probes and workers that ended do not count."""
    ended, called = {}, threading.Event()
    gone = start(address, 1, ended, stop=lambda: "called away" if called.is_set() else None)
    threads = [start(address, order[0], ended), start(address, order[1], ended)]
    place = rendezvous.split_address(address)
    with contextlib.suppress(OSError), socket.create_connection(place, timeout=1) as probe:
        probe.sendall(b"GET / HTTP/1.1")
    called.set()
    gone.join()
    assert ended.pop(1, "called away") == "called away"
    threads.append(start(address, order[2], ended))
    for thread in threads:
        thread.join(timeout=600)
    assert ended == {0: None, 1: None, 2: None}


@pytest.mark.parametrize("worker", [0, 1])
def test_nobody_waits_for_ever(address, worker, monkeypatch):
    """A reason to stop ends the wait, and so does a time limit."""
    assert rendezvous.meet(Cluster(2, worker, address), lambda: "stopped by Ctrl-C") == "stopped by Ctrl-C"
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.3)
    with pytest.raises(TrainingError, match=re.escape(f"Some of 2 workers have not connected to {address}")):
        rendezvous.meet(Cluster(2, worker, address), lambda: None)


@pytest.mark.parametrize(
    "address",
    ["2222", "host:", ":7", "host:port", "127.0.0.1:70000", "[]:7", "host:0", "host:" + "9" * 5000, "host:²"],
)
def test_an_invalid_address(address):
    """Anything but host:port and [host]:port is refused."""
    with pytest.raises(ConfigError, match="TF_CONFIG must give addresses as host:port"):
        rendezvous.meet(Cluster(2, 0, address), lambda: None)


def test_a_port_in_use(address):
    """A port that another process has is named."""
    _, port = rendezvous.split_address(address)
    with (
        socket.create_server(("", port)),
        pytest.raises(ConfigError, match=rf"Cannot open the port {port} .*[Aa]ddress already in use"),
    ):
        rendezvous.meet(Cluster(2, 0, address), lambda: None)
