"""The images in a run's `plots/`: curves, reconstructions, samples, the latent space, samples over the epochs."""

import math
import pathlib

import numpy as np
import PIL.Image

from vaecli import files
from vaecli.data.binarise import as_modelled
from vaecli.data.images import ImageSet
from vaecli.latent import grids
from vaecli.pictures import plots
from vaecli.pictures.gif import write_gif
from vaecli.pictures.sheet import sheet
from vaecli.pictures.writers import save_picture
from vaecli.pixels import Pixels, chunk_length, chunks, to_uint8
from vaecli.probability.gaussian import kl_to_standard_normal
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runs.progress import Epoch, Watcher
from vaecli.runtime.model import Model
from vaecli.tasks.class_labels import class_labels
from vaecli.tasks.sample import sample

# Images at most; fewer of large ones, so that memory and time stay bounded
SCATTERED, SCATTERED_BYTES = 5000, 2**27  # validation images that are encoded
SAMPLES, RECONSTRUCTIONS, EPOCH_SAMPLES, PLANE = 64, 10, 25, 400
SHOWN_BYTES = 2**24  # of the 8-bit pixels of one sheet
FRAMES, FRAMES_BYTES = 100, 2**27  # of the GIF
MOST_SHEETS = 2 * FRAMES  # that stay on disk
ALWAYS_DRAWN = (
    "curves.png",
    "reconstructions.png",
    "samples.png",
    "kl-per-dimension.png",
    "latent-space.png",
)
ENLARGED_SIDE = 128  # sheets of smaller images are drawn at twice their size


class SheetKeeper(Watcher):
    """A watcher that writes a sheet of samples of fixed latents after each epoch and keeps evenly spaced ones."""

    def __init__(self, run: Run) -> None:
        self._folder = run.sheets

    def epoch_ended(self, epoch: Epoch) -> None:
        """Write the sheet of the epoch, such as `plots/epochs/0001.png`; of too many, keep evenly spaced ones."""
        number = int(epoch.row["epoch"])
        samples = to_uint8(epoch.samples(EPOCH_SAMPLES))
        scale = 2 if max(samples.shape[1:3]) <= ENLARGED_SIDE else 1
        with files.translating(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        save_picture(self._folder / f"{number:04}.png", sheet(samples, scale=scale), if_taken="replace")
        spacing = 2 ** max(0, math.ceil(math.log2(number / MOST_SHEETS)))
        with files.translating(self._folder):
            for other, path in numbered_sheets(self._folder).items():
                if other % spacing and other not in (1, number):
                    path.unlink(missing_ok=True)


def numbered_sheets(folder: pathlib.Path) -> dict[int, pathlib.Path]:
    """Return the sheets in a folder as a mapping from epoch to path, in the order of the epochs."""
    paths = {int(path.stem): path for path in folder.glob("*.png") if path.stem.isdecimal()}
    return dict(sorted(paths.items()))


def names(run: Run, latent_dim: int) -> list[str]:
    """Return the names of the files that `draw` writes to `plots/`."""
    plane = ["latent-plane.png"] if latent_dim == 2 else []
    animation = ["samples.gif"] if numbered_sheets(run.sheets) else []
    return [*ALWAYS_DRAWN, *plane, *animation]


def draw(run: Run, data: ImageSet, held_out: np.ndarray) -> None:
    """Fill `plots/` from the exported model and the run's validation images.

    Args:
        run: with its history and its exported model.
        data: all images.
        held_out: (N,) bool, true for the validation images.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the folder cannot be written.
    """
    model, shape = Model.open(run.model), data.images.shape[1:]
    plots.curves(read_metrics(run.metrics), run.plots / "curves.png")
    _draw_validation(run, model, data, np.flatnonzero(held_out))
    _animate(run)
    draw_samples(run, model)
    if model.latent_dim == 2:  # the plane is all of the latent space
        side = math.isqrt(chunk_length(shape, most=PLANE, chunk_bytes=SHOWN_BYTES))
        plots.latent_plane(_decode(model, grids.plane(side)), run.plots / "latent-plane.png")


def draw_samples(run: Run, model: Model) -> None:
    """Write `plots/samples.png`, a sheet that carries its recipe."""
    n = chunk_length(model.image_shape, most=SAMPLES, chunk_bytes=SHOWN_BYTES)
    sample(model, n=n, out=run.plots / "samples.png", force=True)


def _draw_validation(run: Run, model: Model, data: ImageSet, indices: np.ndarray) -> None:
    """Draw reconstructions, the KL of each dimension, and the latents of the validation images at `indices`.

    The model is given what `eval --split validation` gives it: binary pixels, and labels, where it takes them.
    """
    shape = data.images.shape[1:]
    indices = indices[: chunk_length(shape, most=SCATTERED, chunk_bytes=SCATTERED_BYTES)]
    classes = class_labels(model.info, data)
    given = None if classes is None else classes[indices]
    z_mean, z_log_var = _encode(model, data, indices, given)
    n = chunk_length(shape, most=RECONSTRUCTIONS, chunk_bytes=SHOWN_BYTES)
    (first,) = as_modelled([data.images[indices[:n]]], binary=model.likelihood.binarised)
    decoded = _decode(model, z_mean[:n], None if given is None else given[:n])
    plots.reconstructions(first, decoded, run.plots / "reconstructions.png")
    kl = kl_to_standard_normal(z_mean, z_log_var, np).mean(axis=0)
    plots.kl_per_dimension(kl, run.plots / "kl-per-dimension.png")
    labels = None if data.labels is None else data.labels[indices]
    plots.latent_scatter(z_mean, labels, data.class_names, run.plots / "latent-space.png")


def _encode(
    model: Model, data: ImageSet, indices: np.ndarray, labels: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Compute `z_mean` and `z_log_var` (N, D) of the images at `indices` with labels (N,), chunk by chunk."""
    parts = [*chunks(len(indices), data.images.shape[1:], most=SCATTERED)]
    batches = as_modelled((data.images[indices[part]] for part in parts), binary=model.likelihood.binarised)
    encoded = [
        model.encode(pixels, labels=None if labels is None else labels[part])
        for part, pixels in zip(parts, batches, strict=True)
    ]
    return np.concatenate([mean for mean, _ in encoded]), np.concatenate([var for _, var in encoded])


def _decode(model: Model, z: np.ndarray, labels: np.ndarray | None = None) -> Pixels:
    """Decode latents (N, D) with labels (N,) chunk by chunk to 8-bit images (N, H, W, C)."""
    parts = chunks(len(z), model.info.image_shape, most=len(z), chunk_bytes=SHOWN_BYTES // 4)
    decoded = [model.decode(z[part], labels=None if labels is None else labels[part]) for part in parts]
    return np.concatenate([to_uint8(images) for images in decoded])


def _animate(run: Run) -> None:
    """Write `samples.gif` from the sheets of up to 100 evenly spaced epochs; fewer if the sheets are large."""
    paths = list(numbered_sheets(run.sheets).values())
    last = next((frame for path in reversed(paths) if (frame := _read_sheet(path)) is not None), None)
    if last is None:
        return
    most = max(2, min(len(paths), FRAMES, FRAMES_BYTES // last.nbytes))
    frames = [_read_sheet(paths[int(i)]) for i in np.linspace(0, len(paths) - 1, most)]
    with files.replacing(run.plots / "samples.gif") as file:
        alike = [frame for frame in frames if frame is not None and frame.shape == last.shape]
        write_gif(file, alike or [last], milliseconds=250, scale=1)


def _read_sheet(path: pathlib.Path) -> Pixels | None:
    """Read a sheet (H, W, C); if the file is damaged, delete it and return None."""
    try:
        with PIL.Image.open(path) as picture:
            return np.atleast_3d(np.asarray(picture))
    except (OSError, SyntaxError, ValueError):  # Pillow raises SyntaxError too
        with files.translating(path):
            path.unlink(missing_ok=True)
        return None
