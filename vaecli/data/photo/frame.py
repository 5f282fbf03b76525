"""From a cut-out to a model's frame: polarity, contrast, crop, resize and place.

The steps are those of Fashion-MNIST (arXiv:1708.07747, section 2): light backgrounds are negated, edges close to
the background's colour trimmed, the longer side brought to the frame, the shorter padded. Digits are brought to a
smaller box and centred by their mass, as in MNIST (LeCun, Cortes and Burges, "The MNIST database").
"""

import dataclasses

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaecli.choices import Polarity
from vaecli.data.photo.background import MIDDLE, TOLERANCE, Floats
from vaecli.data.photo.subject import bounds, threshold, without_specks
from vaecli.pixels import Pixels

BACKGROUNDS: dict[Polarity, float] = {"light-on-dark": 0.0, "dark-on-light": 255.0}  # of training images
DIGIT_BOX = 20 / 28  # of the frame
_WEAK = 0.9  # of a subject's typical contrast: a smaller picture that nowhere has it has lost its strokes


@dataclasses.dataclass(frozen=True)
class Scene:
    """A picture between two steps of the preparation.

    Attributes:
        pixels: (H, W, C), 0 to 255.
        alpha: (H, W), 0 to 1; None if all is opaque.
        background: (C,), the colour of the background.
        is_plain: true if the background has one colour.
    """

    pixels: Floats
    alpha: Floats | None
    background: Floats
    is_plain: bool


@dataclasses.dataclass(frozen=True)
class Placement:
    """How a subject is placed in the frame of a model.

    Attributes:
        height: of the frame.
        width: of the frame.
        box: the part of both that the subject may fill.
        by_mass: centre by the centre of mass, in place of the middle of the box around the subject.
    """

    height: int
    width: int
    box: float = 1.0
    by_mass: bool = False


def make_scene(pixels: Floats, alpha: Floats | None, background: Floats, *, is_plain: bool) -> Scene:
    """Make a scene of pixels (H, W, C), alpha (H, W) and the background (C,).

    A transparent picture is on black if its subject is light, on white if it is dark.
    """
    if alpha is None:
        return Scene(pixels, None, background, is_plain)
    weight = max(float(alpha.sum()), 1e-6)
    brightness = float((pixels.mean(axis=2) * alpha).sum()) / weight
    shade = 0.0 if brightness > MIDDLE else 255.0
    return Scene(pixels, alpha, np.full(pixels.shape[2], shade, np.float32), True)


def apply_polarity(scene: Scene, polarity: Polarity) -> tuple[Scene, list[str]]:
    """Negate a picture whose background has the wrong polarity, and blend a transparent one with its background.

    The background of a transparent picture becomes black or white as the model needs it; the brightness of the
    subject decides whether the subject is negated, so that it stands out.
    """
    target = BACKGROUNDS.get(polarity)
    steps = []
    light = _background_is_light(scene)
    pixels, background = scene.pixels, scene.background
    if target is not None and light != (target > MIDDLE):
        pixels, background = 255 - pixels, 255 - background
        part = "background" if scene.alpha is None else "subject"
        shade = "light" if light == (scene.alpha is None) else "dark"
        steps.append(f"negated: the {part} is {shade}")
    if scene.alpha is not None:
        pixels = background + (pixels - background) * scene.alpha[..., None]
    return dataclasses.replace(scene, pixels=pixels, background=background), steps


def level(scene: Scene, polarity: Polarity) -> tuple[Scene, list[str]]:
    """Stretch the contrast so that a plain background has the black or white of the training images."""
    target = BACKGROUNDS.get(polarity)
    if target is None or not scene.is_plain or (scene.background == target).all():
        return scene, []
    opposite = 255 - target
    range_left = opposite - scene.background
    gain = np.divide(
        opposite - target, range_left, out=np.zeros_like(range_left), where=np.abs(range_left) > 1
    )
    distance = scene.pixels - scene.background
    # a channel of a coloured background at the far end has no contrast left on that side: its distance counts
    stretched = np.where(gain == 0, np.sign(opposite - target) * np.abs(distance), distance * gain)
    shade = "black" if target == 0 else "white"
    pixels = (target + stretched).clip(0, 255).astype(np.float32)
    background = np.full_like(scene.background, target)
    return dataclasses.replace(scene, pixels=pixels, background=background), [f"background made {shade}"]


def trim(scene: Scene) -> Scene:
    """Crop the scene to the bounding box of its subject; a scene without a subject stays as it is."""
    box = bounds(without_specks(subject_mask(scene)))
    if box is None:
        return scene
    alpha = None if scene.alpha is None else scene.alpha[box]
    return dataclasses.replace(scene, pixels=scene.pixels[box], alpha=alpha)


def fit(scene: Scene, placement: Placement, *, size: tuple[int, int]) -> tuple[Pixels, list[str]]:
    """Resize without distortion and place in the frame, (H, W, C); the rest has the background's colour.

    Args:
        scene: cut to its subject.
        placement: the frame, and where in it.
        size: rows and columns of the scene before its pixels were reduced for speed; their ratio is exact.
    """
    rows, columns = size
    height, width = placement.height, placement.width
    scale = min(_side(height, placement.box) / rows, _side(width, placement.box) / columns)
    inner = max(1, round(rows * scale)), max(1, round(columns * scale))
    steps = []
    if inner != size:
        steps.append(f"resized from {columns} x {rows} to {inner[1]} x {inner[0]}")
    resized, strengthened = _strengthen(scene, _resize(scene.pixels, *inner))
    steps += strengthened
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    if placement.by_mass:
        top, left = _centre_mass(np.abs(resized - scene.background).sum(axis=2), height, width)
        steps.append(f"centred by mass in {width} x {height}")
    elif inner != (height, width):
        steps.append(f"padded to {width} x {height}")
    canvas = np.broadcast_to(scene.background, (height, width, scene.pixels.shape[2])).copy()
    canvas[top : top + inner[0], left : left + inner[1]] = resized
    return to_pixels(canvas), steps


def to_pixels(values: Floats) -> Pixels:
    """Round and clip to uint8."""
    rounded: Pixels = np.rint(values.clip(0, 255)).astype(np.uint8)
    return rounded


def subject_mask(scene: Scene) -> npt.NDArray[np.bool_]:
    """Return a mask (H, W), true where a pixel is not background."""
    if scene.alpha is not None:
        return scene.alpha * 255 > TOLERANCE
    contrast = _contrast(scene.pixels, scene.background)
    return contrast > threshold(float(contrast.max()))


def _side(length: int, box: float) -> int:
    return max(1, round(length * box))


def _contrast(pixels: Floats, background: Floats) -> Floats:
    distance: Floats = np.abs(pixels - background).max(axis=2)
    return distance


def _background_is_light(scene: Scene) -> bool:
    """Return whether the background is lighter than middle grey.

    A plain background near middle grey is compared with its subject instead.
    """
    shade = float(scene.background.mean())
    if scene.alpha is None and 64 <= shade < 192 and scene.is_plain:
        subject = without_specks(subject_mask(scene))
        if subject.any():
            return shade > float(scene.pixels[subject].mean())
    return shade > MIDDLE


def _strengthen(scene: Scene, resized: Floats) -> tuple[Floats, list[str]]:
    """Restore the contrast that thin strokes on a plain background lose when a picture is shrunk.

    A solid subject keeps its typical contrast somewhere; strokes thinner than a new pixel keep it nowhere.
    """
    mask = subject_mask(scene)
    if not (scene.is_plain and mask.any()):
        return resized, []
    typical = float(np.median(_contrast(scene.pixels, scene.background)[mask]))
    strongest = float(_contrast(resized, scene.background).max())
    if strongest >= _WEAK * typical or strongest < 1:
        return resized, []
    return scene.background + (resized - scene.background) * (typical / strongest), [
        "thin strokes strengthened"
    ]


def _centre_mass(mass: Floats, height: int, width: int) -> tuple[int, int]:
    """Return the top left corner at which the centre of `mass` (h, w) is nearest to the middle of the frame."""
    total = max(float(mass.sum()), 1e-6)
    corner = []
    for axis, length in enumerate((height, width)):
        profile = mass.sum(axis=1 - axis)
        centre = float((profile * np.arange(len(profile))).sum()) / total
        corner.append(min(max(round((length - 1) / 2 - centre), 0), length - len(profile)))
    return corner[0], corner[1]


def _resize(pixels: Floats, height: int, width: int) -> Floats:
    """Resize with Lanczos, which averages over the area when it shrinks; each channel in floating point."""
    if pixels.shape[:2] == (height, width):
        return pixels
    planes = [Image.fromarray(np.ascontiguousarray(pixels[..., c])) for c in range(pixels.shape[2])]
    resized = [plane.resize((width, height), Image.Resampling.LANCZOS) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized], axis=-1)
