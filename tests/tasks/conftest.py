"""Fixtures for tests of tasks: a run of two short epochs, copies of it, its data and its options."""

import dataclasses
import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.options import TrainOptions
from vaecli.runs.layout import Run
from vaecli.runs.state import read, save


@pytest.fixture(scope="session")
def write_data():
    """Writes images (N, H, W, 1) as a folder of IDX files."""

    def write_data(folder, images):
        folder.mkdir(exist_ok=True)
        labels = np.arange(len(images)).astype(np.uint8) % 10
        (folder / "train-images-idx3-ubyte").write_bytes(encode_idx(images[:, :, :, 0]))
        (folder / "train-labels-idx1-ubyte").write_bytes(encode_idx(labels))
        return folder

    return write_data


@pytest.fixture(scope="session")
def data(write_data, tmp_path_factory):
    """A folder of 300 pictures."""
    return write_data(tmp_path_factory.mktemp("data") / "few", load_mini("train").images[:300])


@pytest.fixture(scope="session")
def options():
    """The options of a short run on a folder of data."""

    def options(data, **more):
        short = {"data": str(data), "epochs": 2, "kl_warmup": 0.2, "latent_dim": 2, "batch_size": 64}
        return TrainOptions(**short | {"validation_split": 0.2} | more)

    return options


@pytest.fixture(scope="session")
def trained(data, options, tmp_path_factory):
    """A finished run of two epochs."""
    from vaecli.tasks.train.train import train

    return train(options(data), out=tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the finished run, to do with at will."""
    return Run(shutil.copytree(trained.run, tmp_path / "run"))


@pytest.fixture(scope="session")
def rewrite_state():
    """Changes counters in a run's state."""

    def rewrite_state(run, **changes):
        kept = read(run.checkpoint)
        state = dataclasses.replace(kept.state, **changes)
        save(run.checkpoint, state, kept.variables, kept.identity)

    return rewrite_state
