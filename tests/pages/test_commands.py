"""Each command that the page copies runs as it stands, beside the user's files, and makes the page's picture."""

import io
import shlex
import shutil

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini

LEVELS = 1  # of 255, between the page's and onnxruntime's pictures
RNG = np.random.default_rng(4)
PICTURES = {f"picture {i}.png": load_mini("test").images[i, ..., 0] for i in (3, 8)}


@pytest.fixture
def user(visit, served, measured_folder, here):
    """A folder with the model and two pictures, and a page of that model to which the pictures have been given."""
    shutil.copytree(measured_folder, here / "model")
    for name, pixels in PICTURES.items():
        large = np.kron(pixels, np.ones((5, 5), np.uint8))
        PIL.Image.fromarray(large).convert("RGB").save(here / name)
    page = visit(f"{served(measured_folder)}#tab=pictures", permissions=["clipboard-read", "clipboard-write"])
    page.set_input_files("#tool-pictures input", [str(here / name) for name in PICTURES])
    page.wait_for_selector(".own .picture:nth-child(2)")
    page.wait_for_selector("#check[data-state=good]")
    return page


@pytest.fixture
def copied(user, call):
    """Presses a button that copies a command, runs the command, and returns it and what it wrote."""

    def copied(button):
        user.evaluate("navigator.clipboard.writeText('')")
        button.click()
        user.wait_for_timeout(300)
        words = shlex.split(user.evaluate("navigator.clipboard.readText()"))
        assert words[0] == "vaecli"
        code, _, stderr = call(*words[1:])
        assert code == 0, stderr
        return words[1:], words[-1]

    return copied


def frames(content):
    """Return all frames of a picture, grey."""
    with PIL.Image.open(content) as film:
        result = []
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            result.append(np.asarray(film.convert("L")).astype(int))
    return result


def canvas(page, selector):
    """Return the levels of a canvas of the page (28, 28)."""
    values = page.evaluate(
        """(selector) => { const canvas = document.querySelector(selector);
        return Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data); }""",
        selector,
    )
    return np.array(values)[::4].reshape(28, 28)


def places(sheet, picture):
    """Return the whole-number scale and the places (row, column) at which a sheet shows a picture, or None."""
    order = RNG.permutation(784)
    for scale in range(1, min(sheet.shape) // 28 + 1):
        rows, columns = (size - 28 * scale + 1 for size in sheet.shape)
        at = np.indices((rows, columns)).reshape(2, -1)
        for row, column in zip(order // 28, order % 28, strict=True):
            values = sheet[at[0] + row * scale + scale // 2, at[1] + column * scale + scale // 2]
            at = at[:, np.abs(values - picture[row, column]) <= LEVELS]
        edges = [sheet[top : top + 28 * scale, left : left + 28 * scale] for top, left in at.T]
        enlarged = np.kron(picture, np.ones((scale, scale), int))
        exact = [bool(np.abs(edge - enlarged).max() <= LEVELS) for edge in edges]
        if any(exact):
            return scale, at.T[exact]
    return None


def save(page, button):
    """Press a button that saves a picture, and return the picture's frames."""
    with page.expect_download() as download:
        button.click()
    return frames(io.BytesIO(download.value.path().read_bytes()))


def test_reconstruct(user, copied):
    """The reconstruction, and the prepared picture beside it."""
    words, out = copied(user.locator("#copy-command"))
    assert words[0] == "reconstruct"
    sheet = frames(out)[0]
    for number in (2, 3):
        assert places(sheet, canvas(user, f".result figure:nth-child({number}) canvas")) is not None


def test_edit(user, copied):
    """A picture moved toward a class by the amount of the slider."""
    user.click("#tab-classes")
    user.locator(".classes select").select_option(label="Bag")
    user.locator(".classes input").fill("0.75")
    user.wait_for_timeout(200)
    words, out = copied(user.locator("#copy-command"))
    assert words[0] == "edit" and "--amount=0.75" in words
    assert places(frames(out)[0], canvas(user, "#picture")) is not None


@pytest.mark.parametrize("centre", ["mean", "picture"])
def test_traverse(user, copied, centre):
    """The plane around the mean, and around a picture: the same cells in the same order."""
    if centre == "mean":
        user.click("#to-mean")
    cells = save(user, user.locator("#plane-png"))[0][::2, ::2]
    steps = cells.shape[0] // 28
    words, out = copied(user.locator("#plane-command"))
    assert words[0] == "traverse" and ("picture 3.png" in words or "picture 8.png" in words) == (
        centre == "picture"
    )
    sheet, corners = frames(out)[0], {}
    for row, column in ((0, 0), (0, steps - 1), (steps // 2, steps // 2), (steps - 1, 0)):
        cell = cells[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        scale, at = places(sheet, cell)
        corners[row, column] = at[0]
    step = (corners[0, steps - 1] - corners[0, 0])[1] / (steps - 1)
    assert step >= 28 * scale
    for (row, column), at in corners.items():
        np.testing.assert_array_equal(at - corners[0, 0], [row * step, column * step])


@pytest.mark.parametrize("kind", ["linear", "spherical", "even"])
def test_interpolate(user, copied, kind):
    """The animation of a path between two pictures, there and back."""
    for number in (1, 2):
        user.locator(f".own .picture:nth-child({number})").click()
        user.get_by_text("Add to the path").click()
    user.click("#tab-path")
    user.locator(".path select").select_option(kind)
    user.locator(".path input[type=number]").fill("5")
    user.keyboard.press("Tab")
    user.wait_for_selector(".player button:enabled")
    user.wait_for_timeout(1500)
    film = save(user, user.get_by_text("GIF", exact=True))
    words, out = copied(user.locator(".player button", has_text="Copy command"))
    assert words[0] == "interpolate" and words[words.index("--path") + 1] == kind
    own = frames(out)
    assert len(film) == len(own)
    for ours, theirs in zip(film, own, strict=True):
        assert places(theirs, ours[4::8, 4::8]) is not None


def test_sample(user, copied):
    """The sheet of samples, and a sample of it as the picture."""
    user.click("#tab-samples")
    user.wait_for_selector(".samples .picture:nth-child(24) canvas")
    words, out = copied(user.locator("#tool-samples button", has_text="Copy command"))
    assert words[:4] == ["sample", "-m", "model", "-n"]
    sheet = frames(out)[0]
    for number in (1, 24):
        assert places(sheet, canvas(user, f".samples .picture:nth-child({number}) canvas")) is not None
    user.click(".samples .picture:nth-child(7)")
    user.wait_for_timeout(200)
    _, out = copied(user.locator("#copy-command"))
    assert places(frames(out)[0], canvas(user, "#picture")) is not None
