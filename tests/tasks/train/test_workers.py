"""What a worker does with what the chief says, before it trains; how workers train is tested with the program."""

import contextlib

import pytest

from vaecli import __version__
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, TrainingError
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.tasks.train import workers

MINI = {"version": __version__, "options": {"data": "fashion-mnist-mini"}, "data": load_mini("train").sha256}


class Saying:
    """As much of the devices as is asked before TensorFlow is: what the chief has said."""

    workers = 2

    def __init__(self, **said):
        self._said = said

    def broadcast(self, document):
        assert document is None
        return self._said


@pytest.mark.parametrize(
    ("said", "data", "error", "expected"),
    [
        ({"error": "The disk is full."}, None, TrainingError, "could not begin: The disk is full"),
        (MINI | {"version": "0.0.9"}, None, TrainingError, f"vaecli 0.0.9, and this worker {__version__}"),
        (
            MINI | {"data": "0" * 64},
            None,
            DataError,
            "not what the chief trains on: 000000000000... was expected",
        ),
        (
            MINI | {"options": {"data": "/of/the/chief"}},
            None,
            DataError,
            "no folder /of/the/chief.*--data FOLDER",
        ),
        (MINI, "/of/mine", DataError, "no folder /of/mine"),
    ],
)
def test_what_a_worker_cannot_follow(said, data, error, expected):
    """The chief has failed, or has another version; the images are others, or are not where it has them."""
    with pytest.raises(error, match=expected):
        workers.follow(
            Saying(**said),
            data_name=data,
            watch=Watcher(),
            stop=lambda: None,
            interruptible=contextlib.nullcontext,
        )


@pytest.mark.train
def test_what_is_kept_is_said(tmp_path):
    """Where a worker is gone, the chief says how to go on: with the state if there is one, else anew."""
    import tensorflow as tf

    from vaecli.training.cluster.devices import Devices

    devices, run = Devices(), Run(tmp_path / "run")
    devices.workers = 2
    run.checkpoint.parent.mkdir(parents=True)
    for expected in ("Nothing has been trained: remove .*run, and start", "vaecli train --resume .*run$"):
        with pytest.raises(TrainingError, match=expected), workers.guarded(devices, run):
            raise tf.errors.UnavailableError(None, None, "gone")
        run.checkpoint.touch()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("No such data.", hint="Look."), "No such data. Look."),
        (KeyboardInterrupt(), "it was stopped."),
        (RuntimeError("A bug."), "A bug."),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_the_others_hear_why_the_chief_does_not_begin(error, said):
    """An error of ours, or a signal while it loads the data: nobody waits for more, and the error goes on."""
    heard = []

    class Hearing:
        broadcast = staticmethod(heard.append)

    with pytest.raises(type(error)), workers.sending_failure(Hearing()):
        raise error
    assert heard == [{"error": said}]
