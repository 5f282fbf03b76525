"""From an upright picture to a model's frame: polarity, contrast, crop, resize and place, in whole numbers.

The steps are those of Fashion-MNIST (arXiv:1708.07747, section 2): light backgrounds are negated, edges close to
the background's colour trimmed, the longer side brought to the frame, the picture sharpened, the shorter side
padded. Digits are brought to a smaller box and centred by their mass, as in MNIST (LeCun, Cortes and Burges, "The
MNIST database"). The arithmetic is that of `whole`; a program in another language that follows these steps gets the
same pixels. tests/data/photo/vectors.npz holds pictures and results.

A picture is (H, W, C), grey or RGB, 0 to 255, perhaps with alpha (H, W), 0 to 255. For a model of grey images grey
is made of RGB first. A picture that has the model's size needs steps 1 and 2 only; `none` takes no others. `resize`
is defined in `reading`. In order:

1. Background: for each channel the median of the outermost rows and columns, corners twice. It is plain if at least
   half of these pixels are at most 12 from it in each channel. With alpha the background is plain: black if
   `2 sum(value alpha) > 255 C sum(alpha)`, else white.
2. Negation, v = 255 - v, if the background is light and the model's images are on black, or the other way round. It
   is light if the sum of its channels is above 127.5 C; a plain one, opaque, between 64 C and 192 C (from the
   first, below the second) is compared with the mean of the subject (step 4) instead. With alpha, then `v =
   divide(v alpha + background (255 - alpha), 255)`.
3. Level: a plain background becomes exactly black or white. Black: `v = divide(255 (v - b), 255 - b)`, 0 if
   v < b; if 255 - b <= 1 the distance from b instead. White: the same on the negative.
4. Trim: the subject is where the largest distance d of a channel from the background is above 12 and 10 d is above
   the largest d of the picture; with alpha, where alpha is above 12. Specks go (`subject.without_specks`). The
   picture is cut to the box around the rest.
5. Fit: the larger of the sides, in parts of its frame or box, fills it; `resize`, and for `fashion` `sharpen`.
6. Strokes: if the picture has a plain background and its largest distance s from it is below 0.9 of the median t of
   the subject's distances before step 5, each distance is multiplied by t / s.
7. Contrast, for `fashion` on a plain background that was light in step 2: if the distance m from it that 2 % of the
   subject's pixels exceed is below 240, each distance is multiplied by 240 / m, by 3 at most. The originals are
   that strong.
8. Place: in the middle, (frame - side) // 2 from the top and left; digits by their centre of mass.
"""

import dataclasses

import numpy as np

from vaecli.choices import Polarity
from vaecli.data.photo import whole
from vaecli.data.photo.scene import NEAR, Scene, background_is_light, contrast, make_scene, subject_mask
from vaecli.data.photo.subject import bounds, without_specks
from vaecli.data.photo.whole import Whole, divide, divided
from vaecli.pixels import SCALE, Pixels

BACKGROUNDS: dict[Polarity, int] = {"light-on-dark": 0, "dark-on-light": SCALE}  # of training images
DIGIT_BOX = 20 / 28  # of the frame
_STRONG = 240  # contrast of the strongest 2 % of the pixels of the originals
_MOST_GAIN = 3


@dataclasses.dataclass(frozen=True)
class Placement:
    """How a subject is placed in the frame of a model.

    Attributes:
        height: of the frame.
        width: of the frame.
        digits: fill 20 / 28 of the frame and centre by the mass; else fill it, sharpen, and centre the box.
    """

    height: int
    width: int
    digits: bool = False

    def side(self, length: int) -> int:
        """Return the pixels of a frame's side that the subject may fill."""
        return max(1, divided(length * 20, 28)) if self.digits else length


def prepare_array(
    pixels: Pixels,
    alpha: Pixels | None,
    shape: tuple[int, int, int],
    polarity: Polarity,
    *,
    digits: bool = False,
    trim: bool = True,
) -> Pixels:
    """Bring a decoded picture (H, W, 1 or 3) and alpha (H, W) to an image of `shape`, without a cut-out."""
    if pixels.shape[:2] == shape[:2]:
        return keep_size(pixels, alpha, shape[2], polarity)[0]
    scene = make_scene(in_channels(pixels, shape[2]), alpha)
    is_light = background_is_light(scene)
    scene, _ = apply_polarity(scene, polarity, is_light=is_light)
    scene, _ = level(scene, polarity)
    scene = trimmed(scene) if trim else scene
    placement = Placement(shape[0], shape[1], digits=digits)
    stretch = is_light and alpha is None
    image, _ = fit(scene, placement, size=scene.pixels.shape[:2], stretch=stretch)
    return image


def keep_size(
    pixels: Pixels, alpha: Pixels | None, channels: int, polarity: Polarity, *, is_light: bool | None = None
) -> tuple[Pixels, list[str]]:
    """Bring only the colours of a picture (H, W, 1 or 3) and alpha (H, W) to those of a model: (H, W, C).

    Args:
        pixels: of the picture.
        alpha: of the picture, or None.
        channels: of the model.
        polarity: of the training images.
        is_light: whether the picture's background is light; None lets the picture decide.
    """
    scene = make_scene(in_channels(pixels, channels), alpha)
    scene, steps = apply_polarity(scene, polarity, is_light=is_light)
    return scene.pixels.astype(np.uint8), steps


def in_channels(pixels: Pixels, channels: int) -> Pixels:
    """Return pixels (H, W, 1 or 3) in 1 or 3 channels."""
    if pixels.shape[2] == channels:
        return pixels
    return whole.grey(pixels).astype(np.uint8) if channels == 1 else np.repeat(pixels, 3, axis=2)


def apply_polarity(
    scene: Scene, polarity: Polarity, *, is_light: bool | None = None
) -> tuple[Scene, list[str]]:
    """Negate a picture whose background has the wrong polarity, and blend a transparent one with its background.

    The background of a transparent picture becomes black or white as the model needs it; the brightness of the
    subject decides whether the subject is negated, so that it stands out.

    Args:
        scene: the picture.
        polarity: of the training images.
        is_light: whether its background is light; None lets the picture decide.
    """
    steps = []
    light = background_is_light(scene) if is_light is None else is_light
    pixels, background = scene.pixels, scene.background
    if scene.alpha is not None and is_light is not None:
        background = np.full_like(background, SCALE if light else 0)
    if polarity in BACKGROUNDS and light != (BACKGROUNDS[polarity] > 0):
        pixels, background = SCALE - pixels, SCALE - background
        part = "background" if scene.alpha is None else "subject"
        shade = "light" if light == (scene.alpha is None) else "dark"
        steps.append(f"negated: the {part} is {shade}")
    if scene.alpha is not None:
        alpha = scene.alpha[..., None]
        pixels = divide(pixels * alpha + background * (SCALE - alpha), SCALE)
    return dataclasses.replace(scene, pixels=pixels, background=background), steps


def level(scene: Scene, polarity: Polarity) -> tuple[Scene, list[str]]:
    """Stretch the contrast so that a plain background has the black or white of the training images."""
    target = BACKGROUNDS.get(polarity)
    if target is None or not scene.is_plain or (scene.background == target).all():
        return scene, []
    shade = "white" if target else "black"
    values, ground = scene.pixels, scene.background
    if target:
        values, ground = SCALE - values, SCALE - ground
    left = SCALE - ground
    stretched = divide((values - ground).clip(0) * SCALE, np.maximum(left, 1))
    # a channel of a coloured background at the far end has no contrast left on that side: its distance counts
    stretched = np.where(left <= 1, np.abs(values - ground), stretched).clip(0, SCALE)
    pixels = SCALE - stretched if target else stretched
    background = np.full_like(scene.background, target)
    return dataclasses.replace(scene, pixels=pixels, background=background), [f"background made {shade}"]


def trimmed(scene: Scene) -> Scene:
    """Crop the scene to the bounding box of its subject; a scene without a subject stays as it is."""
    box = bounds(without_specks(subject_mask(scene)))
    if box is None:
        return scene
    alpha = None if scene.alpha is None else scene.alpha[box]
    return dataclasses.replace(scene, pixels=scene.pixels[box], alpha=alpha)


def fit(
    scene: Scene, placement: Placement, *, size: tuple[int, int], stretch: bool
) -> tuple[Pixels, list[str]]:
    """Resize without distortion and place in the frame, (H, W, C); the rest has the background's colour.

    Args:
        scene: cut to its subject.
        placement: the frame, and where in it.
        size: rows and columns of the scene before its pixels were reduced for speed; their ratio is exact.
        stretch: bring a pale garment to the contrast of the training images.
    """
    rows, columns = size
    height, width = placement.height, placement.width
    inner = whole.fit_inside(size, (placement.side(height), placement.side(width)))
    steps = []
    resized = whole.resize(scene.pixels, *inner)
    if inner != size:
        steps.append(f"resized from {columns} x {rows} to {inner[1]} x {inner[0]}")
        if not placement.digits and inner < scene.pixels.shape[:2]:
            resized = whole.sharpen(resized)
            steps.append("sharpened")
    resized, strengthened = _strengthen(scene, resized, stretch=stretch and not placement.digits)
    steps += strengthened
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    if placement.digits:
        top, left = _centre_mass(np.abs(resized - scene.background).sum(axis=2), height, width)
        steps.append(f"centred by mass in {width} x {height}")
    elif inner != (height, width):
        steps.append(f"padded to {width} x {height}")
    canvas = np.broadcast_to(scene.background, (height, width, scene.pixels.shape[2])).copy()
    canvas[top : top + inner[0], left : left + inner[1]] = resized
    return canvas.astype(np.uint8), steps


def _strengthen(scene: Scene, resized: Whole, *, stretch: bool) -> tuple[Whole, list[str]]:
    """Restore the contrast that thin strokes lose when a picture is shrunk, and that a pale print never had."""
    mask = subject_mask(scene)
    distances = contrast(resized, scene.background)
    strongest = int(distances.max())
    if not (scene.is_plain and mask.any()) or strongest < 1:
        return resized, []
    typical = int(whole.median(contrast(scene.pixels, scene.background)[mask]))
    if 10 * strongest < 9 * typical:
        return _scaled(resized, scene.background, typical, strongest), ["thin strokes strengthened"]
    subject = np.sort(distances[distances > NEAR])
    if not stretch or len(subject) == 0:
        return resized, []
    strong = int(subject[len(subject) * 98 // 100])
    gain = (_STRONG, strong) if strong * _MOST_GAIN >= _STRONG else (_MOST_GAIN, 1)
    if strong >= _STRONG:
        return resized, []
    return _scaled(resized, scene.background, *gain), ["contrast stretched"]


def _scaled(pixels: Whole, background: Whole, numerator: int, denominator: int) -> Whole:
    """Multiply the distance of pixels from the background by a fraction."""
    difference = pixels - background
    scaled: Whole = background + np.sign(difference) * divide(np.abs(difference) * numerator, denominator)
    return scaled.clip(0, SCALE)


def _centre_mass(mass: Whole, height: int, width: int) -> tuple[int, int]:
    """Return the top left corner at which the centre of `mass` (h, w) is nearest to the middle of the frame.

    Along a side of n pixels in a frame of N it is `((N - 1) M - 2 S + M) // (2 M)` for the mass M and S, the sum of
    mass times position: (N - 1) / 2 - S / M, halves rounded up; then brought into 0 to N - n.
    """
    total = max(int(mass.sum()), 1)
    corner = []
    for axis, length in enumerate((height, width)):
        profile = mass.sum(axis=1 - axis)
        moment = int((profile * np.arange(len(profile))).sum())
        position = ((length - 1) * total - 2 * moment + total) // (2 * total)
        corner.append(min(max(position, 0), length - len(profile)))
    return corner[0], corner[1]
