"""The images of a run: sheets of the epochs, and the GIF made of them."""

import numpy as np
import PIL.Image
import pytest

from vaecli.data.binarise import binarised
from vaecli.data.images import ImageSet
from vaecli.data.named.bundled import load_mini
from vaecli.runs.history import COLUMNS, write_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Epoch
from vaecli.tasks.train import plots
from vaecli.tasks.train.plots import MOST_SHEETS, SheetKeeper, draw, names, numbered_sheets


@pytest.fixture
def run(tmp_path):
    """A run folder with an empty `plots/`."""
    run = Run(tmp_path)
    run.plots.mkdir()
    return run


def end_epochs(run, numbers, shape=(4, 4, 1)):
    """Keep the sheets of these epochs; the pixels of each are its number."""
    keeper = SheetKeeper(run)
    for number in numbers:
        value = number % 256 / 255
        row = {"epoch": float(number)}
        keeper.epoch_ended(
            Epoch(
                row, True, 1, np.ones(1), lambda n, value=value: np.full((n, *shape), value), lambda n: (n, n)
            )
        )


def test_the_number_of_sheets_is_bounded(run):
    """After 1,000 epochs at most 200 sheets are left: the first, the last, and evenly spaced ones between."""
    end_epochs(run, range(1, 1001))
    kept = list(numbered_sheets(run.sheets))
    assert kept[0] == 1 and kept[-1] == 1000 and len(kept) <= MOST_SHEETS
    assert kept[1:] == list(range(8, 1001, 8))


def test_frames_are_in_the_order_of_the_epochs(run):
    """Epoch 9,999 comes before epoch 10,000, though not in the order of their names."""
    run.sheets.mkdir()
    for number in (9_998, 9_999, 10_000, 10_001):
        PIL.Image.fromarray(np.full((4, 4), number % 256, np.uint8)).save(run.sheets / f"{number:04}.png")
    assert list(numbered_sheets(run.sheets)) == [9_998, 9_999, 10_000, 10_001]


def test_other_files_are_no_sheets(run):
    """A user's own picture beside the sheets is neither a frame nor removed."""
    end_epochs(run, [1])
    (run.sheets / "favourite.png").write_bytes(b"mine")
    end_epochs(run, range(2, 300))
    assert (run.sheets / "favourite.png").read_bytes() == b"mine"
    assert all(path.stem.isdecimal() for path in numbered_sheets(run.sheets).values())


@pytest.fixture
def finished(run, model_folder):
    """A run whose model is the committed one."""
    run.model.symlink_to(model_folder)
    write_metrics(run.metrics, [dict.fromkeys(COLUMNS, 1.0)])
    return run


def draw_images(run, images, labels=None):
    names = () if labels is None else tuple(map(str, range(10)))
    draw(run, ImageSet("few", "train", images, labels, names, "memory"), np.ones(len(images), bool))


@pytest.mark.train
@pytest.mark.plots
def test_a_damaged_sheet_is_left_out(finished):
    """A sheet cut short is removed; the GIF has the other frames."""
    end_epochs(finished, range(1, 5))
    path = finished.sheets / "0002.png"
    path.write_bytes(path.read_bytes()[:20])
    draw_images(finished, np.zeros((20, 28, 28, 1), np.uint8))
    with PIL.Image.open(finished.plots / "samples.gif") as animation:
        assert animation.n_frames == 3
    assert not path.exists()
    assert all((finished.plots / name).exists() for name in names(finished, 2))


@pytest.mark.train
@pytest.mark.plots
def test_few_images_are_drawn(finished):
    """Two validation images, with labels, are enough for every plot."""
    draw_images(finished, np.eye(28, dtype=np.uint8)[None, :, :, None].repeat(2, axis=0), np.array([3, 9]))
    assert all((finished.plots / name).exists() for name in names(finished, 2))


@pytest.mark.train
@pytest.mark.plots
def test_plots_show_what_a_model_of_binary_pixels_sees(tmp_path, model_folder, binary_folder, contents):
    """They are those of the same weights and of images that were made binary before, as `eval` measures them."""
    grey = load_mini("test").images[:120]
    (binary,) = binarised([grey])
    drawn = {}
    for name, folder, images in (
        ("grey", model_folder, grey),
        ("made", model_folder, binary),
        ("own", binary_folder, grey),
    ):
        run = Run(tmp_path / name)
        run.plots.mkdir(parents=True)
        run.model.symlink_to(folder)
        write_metrics(run.metrics, [dict.fromkeys(COLUMNS, 1.0)])
        draw_images(run, images)
        drawn[name] = contents(run.plots)
    for plot in ("reconstructions.png", "kl-per-dimension.png", "latent-space.png"):
        assert drawn["own"][plot] == drawn["made"][plot] != drawn["grey"][plot], plot


@pytest.mark.train
@pytest.mark.plots
def test_large_images_are_drawn_in_bounded_memory(finished, monkeypatch):
    """With a bound of a few images, fewer are encoded and decoded at a time, and fewer are drawn."""
    sizes = []
    for name in ("encode", "decode"):
        real = getattr(plots.Model, name)

        def counted(model, batch, real=real, **more):
            sizes.append(len(batch))
            return real(model, batch, **more)

        monkeypatch.setattr(plots.Model, name, counted)
    monkeypatch.setattr(plots, "SHOWN_BYTES", 784 * 8)
    monkeypatch.setattr(plots, "SCATTERED_BYTES", 784 * 30)
    draw_images(finished, np.random.default_rng(0).integers(0, 256, (200, 28, 28, 1), np.uint8))
    assert max(sizes) == 30 and sizes.count(2) >= 4
