"""The rendezvous: waiting until all workers of a cluster have started.

TensorFlow would wait as well, but no signal would end it. Every worker connects to the chief's address; when all
are connected, the chief releases them, and leaves its port to TensorFlow.
"""

import contextlib
import errno
import socket
import time
from collections.abc import Callable, Generator

from vaecli.errors import ConfigError, TrainingError
from vaecli.training.cluster.tf_config import VARIABLE, Cluster

PATIENCE = 600.0  # seconds: a cluster may have to find and start its machines first
POLL_SECONDS = 0.2  # between two looks for signals and workers
CONNECT_SECONDS = 2.0
HELLO = b"vaecli %d\n"  # with the number of the worker
RELEASE = b"go\n"
NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT}


def meet(cluster: Cluster, stop: Callable[[], str | None]) -> str | None:
    """Wait until all workers are connected; return None, or the reason that `stop` has given meanwhile.

    Raises:
        TrainingError: after ten minutes some workers are missing.
        ConfigError: the chief's address is invalid, or its port cannot be opened.
    """
    host, port = split_address(cluster.chief)
    waiting = _serve(host, port, cluster.workers) if cluster.worker == 0 else _connect(host, port, cluster)
    until = time.monotonic() + PATIENCE
    with contextlib.closing(waiting):
        for _ in waiting:
            reason = stop()
            if reason:
                return reason
            if time.monotonic() >= until:
                raise TrainingError(
                    f"Some of {cluster.workers} workers have not connected to {cluster.chief} in {PATIENCE:.0f} s.",
                    hint=f"Start all of them with the same addresses in {VARIABLE}, where they can reach that one.",
                )
    return None


def split_address(address: str) -> tuple[str, int]:
    """Split host:port, or [host]:port for IPv6.

    Raises:
        ConfigError: the address has neither form.
    """
    host, _, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host or not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 2**16):
        raise ConfigError(f"{VARIABLE} must give addresses as host:port, got {address!r}.")
    return host, int(port)


def _serve(host: str, port: int, workers: int) -> Generator[None]:
    """Let the chief wait: yield after each poll until all workers are connected, then release them."""
    connected: list[tuple[int, socket.socket]] = []  # a restarted worker may connect beside its former self
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(_open_server(host, port))
        server.settimeout(POLL_SECONDS)
        while len({number for number, _ in connected}) < workers - 1:
            yield
            with contextlib.suppress(OSError):
                client = stack.enter_context(server.accept()[0])
                client.settimeout(POLL_SECONDS)
                hello = client.recv(
                    64
                )  # others that connect, such as probes of the port, send something else
                connected += [(number, client) for number in range(1, workers) if hello == HELLO % number]
            connected = [(number, client) for number, client in connected if not _is_closed(client)]
        for _, client in connected:
            with contextlib.suppress(OSError):
                client.sendall(RELEASE)


def _open_server(host: str, port: int) -> socket.socket:
    """Listen on the port in all IPv4 networks, and in all IPv6 networks as well if there are any.

    Raises:
        ConfigError: the port cannot be opened.
    """
    try:
        if socket.has_dualstack_ipv6():
            try:
                return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
            except OSError as error:
                if error.errno not in NO_IPV6 or ":" in host:
                    raise
        return socket.create_server(("", port))
    except OSError as error:
        raise ConfigError(
            f"Cannot open the port {port} that {VARIABLE} gives this worker: {error.strerror or error}.",
            hint="Choose a port that is free.",
        ) from error


def _is_closed(client: socket.socket) -> bool:
    """Return whether the client has closed the connection, or the connection is broken."""
    client.setblocking(False)
    try:
        return not client.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _connect(host: str, port: int, cluster: Cluster) -> Generator[None]:
    """Let a worker other than the chief wait: connect to the chief, and yield until the chief releases it."""
    while True:
        yield
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host, port), timeout=CONNECT_SECONDS) as connection,
        ):
            connection.sendall(HELLO % cluster.worker)
            connection.settimeout(POLL_SECONDS)
            while True:
                yield
                with contextlib.suppress(TimeoutError):
                    received = connection.recv(len(RELEASE))
                    if received == RELEASE:
                        return
                    break  # the chief has ended, and may start again
        time.sleep(POLL_SECONDS)
