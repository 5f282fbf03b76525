"""The pictures that a run leaves: curves, reconstructions, samples, the latent space, how samples came about."""

import numpy as np
import PIL.Image

from vaecli import files
from vaecli.data.images import ImageSet
from vaecli.latent import grids
from vaecli.pictures import plots
from vaecli.pictures.gif import write_gif
from vaecli.pictures.sheet import sheet
from vaecli.pictures.writers import save_picture
from vaecli.pixels import to_uint8
from vaecli.probability.gaussian import kl_to_standard_normal
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Epoch, Watcher
from vaecli.runtime.model import Model

SCATTERED = 5000  # validation images in the scatter plot, at most
SHOWN = 10
KEPT = 25  # samples on the sheet of an epoch
FRAMES = 100
PLANE_STEPS = 20


class SheetKeeper(Watcher):
    """Keeps a sheet of the same samples after every epoch, a PNG each, so that a run resumed goes on with them."""

    def __init__(self, run: Run) -> None:
        self._folder = run.sheets

    def epoch_ended(self, epoch: Epoch) -> None:
        """Write `plots/epochs/0001.png` and so on."""
        with files.translating(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        picture = sheet(to_uint8(epoch.samples(KEPT)), scale=2)
        save_picture(self._folder / f"{epoch.row['epoch']:04.0f}.png", picture, if_taken="replace")


def _animate(run: Run) -> None:
    """`samples.gif`: the sheets of the epochs, one after the other; of a long run, evenly chosen ones."""
    sheets = sorted(run.sheets.glob("*.png"))
    if not sheets:
        return
    chosen = [sheets[int(i)] for i in np.linspace(0, len(sheets) - 1, min(len(sheets), FRAMES))]
    frames = []
    for path in chosen:
        with PIL.Image.open(path) as picture:
            frames.append(np.atleast_3d(np.asarray(picture)))
    with files.replacing(run.plots / "samples.gif") as file:
        write_gif(file, frames, milliseconds=250, scale=1)


def names(run: Run, latent_dim: int) -> list[str]:
    """The files that `draw` leaves in `plots/`."""
    found = ["curves.png", "reconstructions.png", "samples.png", "kl-per-dimension.png", "latent-space.png"]
    if latent_dim == 2:
        found.append("latent-plane.png")
    if any(run.sheets.glob("*.png")):
        found.append("samples.gif")
    return found


def draw(run: Run, data: ImageSet, held_out: np.ndarray) -> None:
    """Fill `plots/` from the exported model and the run's validation images.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the folder cannot be written.
    """
    model = Model.open(run.model)
    chosen = np.flatnonzero(held_out)[:SCATTERED]
    images = data.images[chosen]
    z_mean, z_log_var = model.encode(images)
    plots.curves(read_metrics(run.metrics), run.plots / "curves.png")
    plots.reconstructions(
        images[:SHOWN], to_uint8(model.decode(z_mean[:SHOWN])), run.plots / "reconstructions.png"
    )
    _animate(run)
    samples = sheet(to_uint8(model.sample(64)))
    save_picture(run.plots / "samples.png", samples, if_taken="replace")
    kl = kl_to_standard_normal(z_mean, z_log_var, np).mean(axis=0)
    plots.kl_per_dimension(kl, run.plots / "kl-per-dimension.png")
    labels = None if data.labels is None else data.labels[chosen]
    plots.latent_scatter(z_mean, labels, data.class_names, run.plots / "latent-space.png")
    if model.latent_dim == 2:  # the plane is the whole space
        plots.latent_plane(to_uint8(model.decode(grids.plane(PLANE_STEPS))), run.plots / "latent-plane.png")
