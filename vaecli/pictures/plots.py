"""Plots of a training run and its latent space, as PNG.

`reconstructions` and `latent_plane` are sheets of images and need numpy alone. The others import matplotlib and use
its object interface, which needs no display and has no global state.
"""

import pathlib
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vaecli import files
from vaecli.errors import MissingExtraError
from vaecli.pictures.sheet import near_square, sheet
from vaecli.pictures.writers import save_picture
from vaecli.pixels import Pixels
from vaecli.sample_size import FEWEST_IMAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRAINING, _VALIDATION = "#1f5a96", "#d65a1e"
_PANELS = {"loss": "Loss", "reconstruction": "Reconstruction", "kl": "KL divergence"}


def curves(history: Sequence[Mapping[str, float]], path: pathlib.Path) -> None:
    """Plot loss, reconstruction term and KL over the epochs, for training and, where known, for validation.

    `history` has a mapping for each epoch, with the columns of metrics.csv (`val_...` for validation), in nats.
    """
    figure, panels = _figure(10.5, 3.2, columns=len(_PANELS))
    epochs = [row["epoch"] for row in history]
    for axes, (key, title) in zip(panels, _PANELS.items(), strict=True):
        for name, colour, label in ((key, _TRAINING, "training"), (f"val_{key}", _VALIDATION, "validation")):
            values = [row.get(name, np.nan) for row in history]
            if not np.all(np.isnan(values)):
                marker = "o" if len(epochs) < 30 else None
                axes.plot(epochs, values, color=colour, label=label, marker=marker, markersize=3)
        axes.set_title(title, loc="left")
        axes.set_xlabel("epoch")
        axes.set_ylabel("nats per image")
        axes.locator_params(axis="x", integer=True)
    panels[0].legend(frameon=False)
    _save(figure, path)


def kl_per_dimension(kl: npt.NDArray[Any], path: pathlib.Path) -> None:
    """Plot the mean KL (D,) of each latent dimension in nats, largest first; near 0 a dimension is not used."""
    order = np.argsort(-kl, kind="stable")
    figure, (axes,) = _figure(max(4.5, min(12.0, 1.5 + 0.28 * len(kl))), 3.2)
    axes.bar(range(len(kl)), kl[order], color=_TRAINING, width=0.75)
    if len(kl) <= 40:
        axes.set_xticks(range(len(kl)), [str(dimension) for dimension in order])
    axes.set_xlabel("latent dimension")
    axes.set_ylabel("nats")
    axes.set_title(f"KL of each dimension, {float(np.sum(kl)):.1f} nats in all", loc="left")
    _save(figure, path)


def latent_scatter(
    z_mean: npt.NDArray[Any],
    labels: npt.NDArray[Any] | None,
    class_names: Sequence[str],
    path: pathlib.Path,
) -> None:
    """Plot the posterior means (N, D), coloured by `labels` (N,).

    More than two dimensions are projected to their first two principal components; the title gives the share
    of the variance that these have.
    """
    points, title, names = project_to_plane(z_mean)
    figure, (axes,) = _figure(7.2, 5.6)
    size = float(np.clip(20_000 / max(1, len(points)), 2, 20))
    if labels is None:
        axes.scatter(points[:, 0], points[:, 1], s=size, color=_TRAINING, alpha=0.6, linewidths=0)
    else:
        _scatter_classes(axes, points, labels, class_names, size)
    axes.set_title(title, loc="left")
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_aspect("equal", adjustable="datalim")
    _save(figure, path)


def reconstructions(originals: Pixels, decoded: Pixels, path: pathlib.Path) -> None:
    """Write originals (N, H, W, C) in an upper row, each above its reconstruction."""
    save_picture(
        path, sheet(np.concatenate([originals, decoded]), columns=len(originals)), if_taken="replace"
    )


def latent_plane(images: Pixels, path: pathlib.Path) -> None:
    """Write decoded images (R * R, H, W, C) as a square without gaps, row by row."""
    save_picture(path, sheet(images, columns=near_square(len(images)), gap=0), if_taken="replace")


def project_to_plane(z: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str, tuple[str, str]]:
    """Return latents (N, D) as points (N, 2), with a title and the names of the two axes."""
    size = z.shape[1]
    if size == 1:
        return np.hstack([z, np.zeros_like(z)]), "Posterior means", ("z 0", "")
    if size == 2:
        return z, "Posterior means", ("z 0", "z 1")
    centred = np.asarray(z, dtype=np.float64) - z.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred)
    fraction = float(variances[-2:].sum() / max(variances.sum(), np.finfo(np.float64).tiny))
    points = centred @ directions[:, :-3:-1]
    share = f", {fraction:.0%} of variance" if len(z) >= FEWEST_IMAGES else ""
    title = f"Posterior means: 2 principal components of {size}{share}"
    return points, title, ("first component", "second component")


def _scatter_classes(
    axes: "Axes", points: npt.NDArray[Any], labels: npt.NDArray[Any], class_names: Sequence[str], size: float
) -> None:
    from matplotlib import colormaps

    palette = colormaps["tab10" if len(class_names) <= 10 else "turbo"].resampled(max(10, len(class_names)))
    # One call for all points, in their order: drawn class by class, the last class would hide the first.
    colours = palette(np.asarray(labels, dtype=int))
    axes.scatter(points[:, 0], points[:, 1], s=size, c=colours, alpha=0.7, linewidths=0)
    for index, name in enumerate(class_names):
        axes.scatter([], [], s=36, color=palette(index), label=name)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _figure(width: float, height: float, *, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return a figure of `width` x `height` inches and its row of axes, in the style of all plots."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("Plots need matplotlib") from error
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    panels = list(figure.subplots(1, columns, squeeze=False)[0])
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, panels


def _save(figure: "Figure", path: pathlib.Path) -> None:
    with files.replacing(path) as file, warnings.catch_warnings():
        # names of classes may have letters that the font has not: they are drawn as boxes
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        # the latents of a collapsed model may all be one point
        warnings.filterwarnings("ignore", message="Attempting to set identical", category=UserWarning)
        figure.savefig(file, format="png")
