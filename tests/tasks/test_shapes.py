"""All commands on images of other shapes than 28 x 28: train, export, sample, interpolate, verify, bench."""

import pathlib

import numpy as np
import pytest

from vaecli.errors import ParityError
from vaecli.options import TrainOptions
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.bench import bench
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.export import ExportOptions, export
from vaecli.tasks.train.train import train
from vaecli.tasks.verify import verify

pytestmark = pytest.mark.train


def discs(shape, count):
    """Make images (N, H, W, C) uint8 of a disc of random place, size and colour on a ground of another colour."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[-1 : 1 : 1j * shape[0], -1 : 1 : 1j * shape[1]]
    centres, radii = rng.uniform(-0.5, 0.5, (count, 2, 1, 1)), rng.uniform(0.2, 0.6, (count, 1, 1))
    inside = (rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2 < radii**2
    disc, ground = (rng.integers(0, 256, (count, 1, 1, shape[2]), np.uint8) for _ in range(2))
    return np.where(inside[..., None], disc, ground)


def export_admitted(run, reduced):
    """Export the run to `out`, in the `reduced` precisions, too, that the network admits; return all precisions."""
    for precisions in dict.fromkeys((reduced, ("fp16",))):
        try:
            export(run, ExportOptions(out="out", precisions=precisions))
        except ParityError as error:
            assert "int8 decoder must differ" in error.message and not pathlib.Path("out").exists()
        else:
            return ("float32", *precisions)
    raise AssertionError("not even fp16 is admitted")


def check_model(model, images):
    """Every way to use a model works on images of its shape."""
    shape = images.shape[1:]
    assert model.sample(3, seed=1).shape == (3, *shape)
    z_mean, _ = model.encode(images)
    assert model.decode(z_mean).shape == images.shape
    assert len(model.interpolate(images[0], images[1], steps=4)) == 4
    assert evaluate(model, data="discs.npy", names=["mse"]).n_images > 5


@pytest.mark.parametrize(
    ("shape", "network", "reduced"),
    [
        ((48, 36, 1), {}, ("int8", "fp16")),
        ((32, 32, 3), {"network": "conv", "width": 8}, ("int8", "fp16")),
        ((128, 128, 3), {"network": "conv", "width": 8}, ("fp16",)),  # int8 takes minutes
    ],
    ids=str,
)
def test_from_images_to_measurements(shape, network, reduced, here):
    """A short training is exported in all precisions that the network admits, and every command runs on them."""
    np.save("discs.npy", discs(shape, 40))
    short = {"data": "discs.npy", "epochs": 1, "batch_size": 8, "validation_split": 0.3}
    options = TrainOptions(**short, augment="flip,shift", **network)
    run = train(options, out=here / "run").run
    assert Run(run).plots.is_dir()
    precisions, images = export_admitted(run, reduced), discs(shape, 5)
    for precision in precisions:
        check_model(Model.open("out", precision=precision), images)
    assert all(check.passed for check in verify("out"))
    assert {line.precision for line in bench("out", seconds=0.01, batches=(1, 2))} == set(precisions)
