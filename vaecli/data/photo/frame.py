"""From a picture of any size to a model's frame: background, polarity, trimming, padding, resizing.

The order follows how Fashion-MNIST was made (arXiv:1708.07747, section 2): edges close to the background's
colour are trimmed, the longer side is brought to the frame, the shorter is padded, light backgrounds negated.
"""

import dataclasses
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaecli.choices import Polarity
from vaecli.pixels import Pixels

Floats = npt.NDArray[np.float32]
_Number = TypeVar("_Number", np.uint8, np.float32)

TOLERANCE = 0.05 * 255
"""How far from the background a pixel must be to count as subject; 5 % as in arXiv:1708.07747."""
_RINGING = 0.1
"""The same as a part of the strongest contrast: JPEG rings around sharp edges by up to a tenth of them."""
_MIDDLE = 127.5
_BACKGROUND: dict[Polarity, float] = {"light-on-dark": 0.0, "dark-on-light": 255.0}
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclasses.dataclass(frozen=True)
class Scene:
    """A picture in work: pixels (H, W, C) of 0 to 255, alpha (H, W) of 0 to 1 or None, background (C,)."""

    pixels: Floats
    alpha: Floats | None
    background: Floats


def border(images: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """The outermost pixels (..., 2 H + 2 W, C) of images (..., H, W, C), corners twice."""
    sides = images[..., 0, :, :], images[..., -1, :, :], images[..., :, 0, :], images[..., :, -1, :]
    return np.concatenate(sides, axis=-2)


def make_scene(image: Image.Image, channels: int) -> tuple[Scene, list[str]]:
    """Split off alpha, bring the pixels to `channels`, and find the background; and what was done."""
    array = np.asarray(image, np.float32).reshape(image.height, image.width, -1)
    coloured = array.shape[2] >= 3
    pixels, alpha = (array[..., :3], array[..., 3:]) if coloured else (array[..., :1], array[..., 1:])
    steps = []
    if channels == 1 and coloured:
        if not (np.ptp(pixels, axis=2) == 0).all():
            steps.append("grey from colour")
        pixels = (pixels @ _LUMA)[..., None]
    elif channels == 3 and not coloured:
        pixels = np.repeat(pixels, 3, axis=2)
    opacity = alpha[..., 0] / np.float32(255) if alpha.size and alpha.min() < 255 else None
    if opacity is None:
        return Scene(pixels, None, np.median(border(pixels), axis=0).astype(np.float32)), steps
    steps.append("transparent parts taken as background")
    return Scene(pixels, opacity, _backdrop(pixels, opacity)), steps


def apply_polarity(scene: Scene, polarity: Polarity) -> tuple[Scene, list[str]]:
    """Negate where the background has the wrong polarity, and lay a transparent picture on its background.

    A transparent background is black or white, as the model wants it. The subject's own mean brightness says
    whether it must be negated to stand out.
    """
    wanted = _BACKGROUND.get(polarity)
    steps = []
    light = _background_is_light(scene)
    pixels, background = scene.pixels, scene.background
    if wanted is not None and light != (wanted > _MIDDLE):
        pixels, background = 255 - pixels, 255 - background
        what = "background" if scene.alpha is None else "subject"
        shade = "light" if light == (scene.alpha is None) else "dark"
        steps.append(f"negated: the {what} is {shade}")
    if scene.alpha is not None:
        pixels = background + (pixels - background) * scene.alpha[..., None]
    return Scene(pixels, scene.alpha, background), steps


def trim(scene: Scene) -> tuple[Scene, list[str]]:
    """Cut off the plain border. A line with hardly a pixel unlike the background (a speck) is border too."""
    subject = _subject(scene)
    height, width = subject.shape
    rows = np.flatnonzero(subject.sum(axis=1) > width // 200)
    columns = np.flatnonzero(subject.sum(axis=0) > height // 200)
    if rows.size == 0 or columns.size == 0:
        return scene, []
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    pixels = scene.pixels[box]
    if pixels.shape == scene.pixels.shape:
        return scene, []
    alpha = None if scene.alpha is None else scene.alpha[box]
    return Scene(pixels, alpha, scene.background), ["trimmed to the subject"]


def level(scene: Scene, polarity: Polarity) -> tuple[Scene, list[str]]:
    """Bring a plain background to the very black or white of the training images, by stretching the contrast."""
    wanted = _BACKGROUND.get(polarity)
    if wanted is None or not _is_plain(scene) or scene.background.mean() == wanted:
        return scene, []
    opposite = 255 - wanted
    gain = (opposite - wanted) / (opposite - scene.background)
    pixels = (wanted + (scene.pixels - scene.background) * gain).clip(0, 255)
    shade = "black" if wanted == 0 else "white"
    return Scene(pixels, scene.alpha, np.full_like(scene.background, wanted)), [f"background made {shade}"]


def fit(scene: Scene, height: int, width: int, *, zoom: int = 1) -> tuple[Pixels, list[str]]:
    """Resize without stretching to (height, width, C), centred, the rest in the background's colour.

    `zoom` is what the scene was shrunk by before, for the report.
    """
    rows, columns = scene.pixels.shape[:2]
    scale = min(height / rows, width / columns)
    inner = max(1, round(rows * scale)), max(1, round(columns * scale))
    steps = []
    if inner != (rows, columns):
        steps.append(f"resized from {columns * zoom} x {rows * zoom} to {inner[1]} x {inner[0]}")
    if inner != (height, width):
        steps.append(f"padded to {width} x {height}")
    canvas = np.broadcast_to(scene.background, (height, width, scene.pixels.shape[2])).copy()
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    canvas[top : top + inner[0], left : left + inner[1]] = _resize(scene.pixels, *inner)
    return to_pixels(canvas), steps


def to_pixels(values: Floats) -> Pixels:
    """Round and clip to uint8."""
    rounded: Pixels = np.rint(values.clip(0, 255)).astype(np.uint8)
    return rounded


def _subject(scene: Scene) -> npt.NDArray[np.bool_]:
    """True (H, W) where there is something else than background."""
    if scene.alpha is not None:
        return scene.alpha * 255 > TOLERANCE
    contrast: Floats = np.abs(scene.pixels - scene.background).max(axis=2)
    return contrast > max(TOLERANCE, _RINGING * float(contrast.max()))


def _is_plain(scene: Scene) -> bool:
    """Whether at least half of the border is of the background's colour."""
    return bool((np.abs(border(scene.pixels) - scene.background) <= TOLERANCE).all(axis=1).mean() >= 0.5)


def _background_is_light(scene: Scene) -> bool:
    """Lighter than middle grey; a plain background between the extremes: lighter than its subject."""
    shade = float(scene.background.mean())
    if scene.alpha is None and 64 <= shade < 192 and _is_plain(scene):
        subject = _subject(scene)
        if subject.any():
            return shade > float(scene.pixels[subject].mean())
    return shade > _MIDDLE


def _backdrop(pixels: Floats, alpha: Floats) -> Floats:
    """Black under a light subject, white under a dark one (C,)."""
    weight = max(float(alpha.sum()), 1e-6)
    brightness = float((pixels.mean(axis=2) * alpha).sum()) / weight
    return np.full(pixels.shape[2], 0.0 if brightness > _MIDDLE else 255.0, np.float32)


def _resize(pixels: Floats, height: int, width: int) -> Floats:
    """Lanczos, which averages over the area when it shrinks; channel by channel in floating point."""
    if pixels.shape[:2] == (height, width):
        return pixels
    planes = [Image.fromarray(np.ascontiguousarray(pixels[..., c])) for c in range(pixels.shape[2])]
    resized = [plane.resize((width, height), Image.Resampling.LANCZOS) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized], axis=-1)
