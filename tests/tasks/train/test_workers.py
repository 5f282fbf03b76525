"""Messages between the chief and the other workers before training; tests/cli trains with several."""

import contextlib

import pytest

from vaecli import __version__
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, TrainingError
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.tasks.train import workers

MINI = {"version": __version__, "options": {"data": "fashion-mnist-mini"}, "data": load_mini("train").sha256}


class Receiving:
    """Devices that give a worker the chief's message."""

    workers = 2

    def __init__(self, **message):
        self._message = message

    def broadcast(self, document):
        assert document is None
        return self._message


@pytest.mark.parametrize(
    ("message", "data", "error", "expected"),
    [
        ({"error": "The disk is full."}, None, TrainingError, "could not begin: The disk is full"),
        (MINI | {"version": "0.0.9"}, None, TrainingError, f"the chief has 0.0.9, this worker {__version__}"),
        (
            MINI | {"data": "0" * 64},
            None,
            DataError,
            "not what the chief trains on: its hash must be 000000000000..., got",
        ),
        (
            MINI | {"options": {"data": "/of/the/chief"}},
            None,
            DataError,
            "got /of/the/chief, where there is nothing.*--data PATH",
        ),
        (MINI, "/of/mine", DataError, "got /of/mine, where"),
    ],
)
def test_a_worker_refuses(message, data, error, expected):
    """A worker refuses if the chief has failed or has another version, or if the data are others or missing."""
    with pytest.raises(error, match=expected):
        workers.follow(
            Receiving(**message),
            data_name=data,
            watch=Watcher(),
            stop=lambda: None,
            interruptible=contextlib.nullcontext,
        )


@pytest.mark.train
def test_what_is_kept_is_message(tmp_path):
    """After the loss of a worker, the hint is to resume if there is a saved state, else to start again."""
    import tensorflow as tf

    from vaecli.training.cluster.devices import Devices

    devices, run = Devices(), Run(tmp_path / "run")
    devices.workers = 2
    run.checkpoint.parent.mkdir(parents=True)
    for expected in ("Nothing has been trained: start all workers again", "vaecli train --resume .*run$"):
        with pytest.raises(TrainingError, match=expected), workers.guarded(devices, run):
            raise tf.errors.UnavailableError(None, None, "gone")
        run.checkpoint.touch()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataError("No such data.", hint="Look."), "No such data. Look."),
        (KeyboardInterrupt(), "it was stopped."),
        (RuntimeError("A bug."), "A bug."),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_the_chief_sends_its_failure(error, reason):
    """An error or a signal while the chief loads the data is sent to the other workers, and raised again."""
    sent = []

    class Sending:
        broadcast = staticmethod(sent.append)

    with pytest.raises(type(error)), workers.sending_failure(Sending()):
        raise error
    assert sent == [{"error": reason}]
