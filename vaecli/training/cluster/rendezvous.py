"""Waiting until all workers of a cluster are there. TensorFlow would wait too, but no signal would end it.

Each worker knocks at the chief's address; when all have, the chief lets them go, and leaves the port to TensorFlow.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Generator

from vaecli.errors import ConfigError, TrainingError
from vaecli.training.cluster.tf_config import VARIABLE, Cluster

PATIENCE = 600.0  # seconds: machines that have to be found and started first come late
LOOK = 0.2  # seconds between two looks at what else there is
CONNECT = 2.0  # seconds
KNOCK = b"vaecli %d\n"
GO = b"go\n"


def meet(cluster: Cluster, stop: Callable[[], str | None]) -> str | None:
    """Wait for all workers to come, or for a reason to stop, which is returned.

    Raises:
        TrainingError: some have not come.
        ConfigError: the chief's address is none, or its port cannot be had.
    """
    host, _, port = cluster.chief.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 2**16:
        raise ConfigError(f"{VARIABLE} has the address {cluster.chief!r}; expected host:port.")
    waiting = _let_in(int(port), cluster.workers) if cluster.worker == 0 else _knock(host, int(port), cluster)
    until = time.monotonic() + PATIENCE
    with contextlib.closing(waiting):
        for _ in waiting:
            reason = stop()
            if reason:
                return reason
            if time.monotonic() >= until:
                raise TrainingError(
                    f"Waited {PATIENCE:.0f} s in vain for {cluster.workers} workers to meet at {cluster.chief}.",
                    hint=f"Start all of them, with one {VARIABLE}, where they can reach that address.",
                )
    return None


def _let_in(port: int, workers: int) -> Generator[None]:
    """Of the chief: ends when all have come; yields a few times a second."""
    try:
        door = socket.create_server(("", port))
    except OSError as error:
        raise ConfigError(
            f"{VARIABLE} gives this worker the port {port}, which cannot be had: {error}.",
            hint="Choose one that is free.",
        ) from error
    there: list[tuple[int, socket.socket]] = []  # a worker started again may knock beside its former self
    with contextlib.ExitStack() as stack:
        stack.enter_context(door)
        door.settimeout(LOOK)
        while len({number for number, _ in there}) < workers - 1:
            yield
            with contextlib.suppress(OSError):
                guest = stack.enter_context(door.accept()[0])
                guest.settimeout(LOOK)
                said = guest.recv(64)  # what else knocks, such as a probe of the port, says something else
                there += [(number, guest) for number in range(1, workers) if said == KNOCK % number]
            there = [(number, guest) for number, guest in there if not _has_left(guest)]
        for _, guest in there:
            with contextlib.suppress(OSError):
                guest.sendall(GO)


def _has_left(guest: socket.socket) -> bool:
    guest.setblocking(False)
    try:
        return not guest.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _knock(host: str, port: int, cluster: Cluster) -> Generator[None]:
    """Of the others: ends when the chief lets them go; yields a few times a second."""
    while True:
        yield
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=CONNECT) as door:
            door.sendall(KNOCK % cluster.worker)
            door.settimeout(LOOK)
            while True:
                yield
                with contextlib.suppress(TimeoutError):
                    said = door.recv(len(GO))
                    if said == GO:
                        return
                    break  # the chief has gone, and may come again
        time.sleep(LOOK)
