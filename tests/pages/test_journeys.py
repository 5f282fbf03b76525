"""Journeys through the page: with the keyboard, a finger, own pictures, paths, classes; links and commands."""

import base64
import io
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.photo.frame import prepare_array
from vaecli.modelfile.find import read_all
from vaecli.npz import write_npz
from vaecli.runtime.model import Model

GARMENT = PIL.Image.new("RGB", (90, 120), "white")
GARMENT.paste((60, 80, 140), (20, 15, 70, 105))


def shown(page):
    """Return the latent of the picture that is shown, once it is shown."""
    page.wait_for_timeout(100)
    return np.array([float(part) for part in page.get_attribute("#picture", "data-z").split(",")], np.float32)


def waiting(page, selector, text):
    """Wait until an element has a text; the policy of the page forbids `wait_for_function`."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_contain_text(text)


def pixels(page, selector):
    """Return the pixels of a canvas, grey."""
    script = """(canvas) => Array.from(canvas.getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height).data).filter((_, i) => i % 4 === 0)"""
    return np.array(page.eval_on_selector(selector, script), np.uint8)


def png(image):
    """Return an image as the content of a PNG file."""
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def test_the_keyboard_alone(visit, page_file, measured_folder):
    """Every part can be reached, shows its focus, and does what it does with keys."""
    page = visit(f"file://{page_file(measured_folder)}")
    reached, outlines = [], []
    for _ in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate("document.activeElement.id || document.activeElement.tagName")
        if place in ("BODY", "check") and reached:
            break
        reached.append(place)
        outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert {"check", "map", "across-range", "up", "save-png", "tab-sliders", "z0"} <= set(reached)
    assert set(outlines) == {"solid"}
    page.focus("#map")
    before = shown(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    step = shown(page) - before
    first, second = (int(page.input_value(axis)) for axis in ("#across", "#up"))
    assert 0 < step[first] < step[second]
    waiting(page, "#live", "z ")
    page.focus("#tab-sliders")
    page.keyboard.press("ArrowRight")
    assert page.locator("#tool-samples").is_visible() and not page.locator("#tool-sliders").is_visible()
    page.focus("#check")
    page.keyboard.press("Enter")
    assert page.locator(
        "#about"
    ).is_visible() and "This browser computes what was trained" in page.inner_text("#about")
    page.keyboard.press("Escape")
    assert not page.locator("#about").is_visible()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_one_screen(visit, page_file, measured_folder, width):
    """Nothing is wider than the screen, the page itself does not scroll, and a finger drags the plane."""
    size = {"width": width, "height": 640 if width == 360 else 800}
    page = visit(f"file://{page_file(measured_folder)}", viewport=size, has_touch=True)
    for name in ("samples", "path", "pictures", "classes", "sliders"):
        page.click(f"#tab-{name}")
        assert page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]") == list(size.values())
        tools = page.locator("#tools")
        assert tools.evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0
    for part in ("#map", "#picture", "#tab-sliders"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= size["height"] and box["x"] + box["width"] <= width
    before, box = shown(page), page.locator("#map").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)
    after = shown(page)
    first, second = (int(page.input_value(axis)) for axis in ("#across", "#up"))
    assert after[first] > before[first] and after[second] > before[second]


def test_the_plane_is_dragged(visit, page_file, measured_folder):
    """The latent follows the pointer, and stops at the edge."""
    page = visit(f"file://{page_file(measured_folder)}")
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    places = []
    for part in (0.6, 0.8, 0.99, 1.4):
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)
        places.append(shown(page)[int(page.input_value("#across"))])
    page.mouse.up()
    assert places == sorted(places) and places[3] == pytest.approx(places[2], abs=0.2)
    page.mouse.move(box["x"], box["y"])
    assert shown(page)[int(page.input_value("#across"))] == places[3]


def test_own_pictures(visit, page_file, scored_folder):
    """A chosen file: prepared to the bit, reconstructed, measured and placed as Python does it."""
    page = visit(f"file://{page_file(scored_folder)}#tab=pictures")
    page.set_input_files(
        "#tool-pictures input", {"name": "a b.png", "mimeType": "image/png", "buffer": png(GARMENT)}
    )
    page.wait_for_selector(".result figure")
    model = Model.open(scored_folder)
    expected = prepare_array(np.asarray(GARMENT), None, (28, 28, 1), "light-on-dark")
    np.testing.assert_array_equal(pixels(page, ".result figure:nth-child(2) canvas"), expected.ravel())
    z_mean = model.encode(expected[None])[0][0]
    np.testing.assert_allclose(shown(page), z_mean, rtol=1e-4, atol=1e-5)
    reconstruction = np.rint(model.decode(z_mean[None]).ravel() * 255)
    assert np.abs(pixels(page, ".result figure:nth-child(3) canvas") - reconstruction).max() <= 1
    text = page.inner_text(".result")
    percentile = model.score(expected[None]).percentile[0]
    assert f"more than {percentile:.1f} % of validation images" in text and "KL" in text


def test_validation_images_that_came_along(visit, page_file, measured_folder, tmp_path):
    """With --with-pictures each can be opened, and is encoded as it is."""
    images = load_mini("test").images[:4]
    shutil.copytree(measured_folder, tmp_path / "run" / "model")
    write_npz(
        tmp_path / "run" / "images.npz", {"validation": images, "training": images[:1]}, compressed=True
    )
    page = visit(f"file://{page_file(tmp_path / 'run', pictures=True)}#tab=pictures")
    page.get_by_text("4 validation images").click()
    page.click("[aria-label='Show validation image 2']")
    np.testing.assert_array_equal(pixels(page, ".result figure canvas"), images[2].ravel())
    np.testing.assert_allclose(
        shown(page), Model.open(measured_folder).encode(images[2:3])[0][0], rtol=1e-4, atol=1e-5
    )


def test_dropped_pasted_and_drawn_pictures(visit, page_file, measured_folder):
    """Each way to bring a picture leads to the same preparation; what is no picture is refused in words."""
    page = visit(f"file://{page_file(measured_folder)}")
    give = """([name, content, event]) => {
        const data = new DataTransfer(), type = name.endsWith('.png') ? 'image/png' : '';
        data.items.add(new File([Uint8Array.from(content)], name, { type }));
        const options = { bubbles: true, cancelable: true };
        dispatchEvent(event === 'drop' ? new DragEvent('drop', { ...options, dataTransfer: data })
            : new ClipboardEvent('paste', { ...options, clipboardData: data }));
    }"""
    expected = prepare_array(np.asarray(GARMENT), None, (28, 28, 1), "light-on-dark")
    for count, event in enumerate(("drop", "paste"), start=1):
        page.evaluate(give, ["x.png", list(png(GARMENT)), event])
        page.wait_for_selector(f".own .picture:nth-child({count})")
        np.testing.assert_array_equal(pixels(page, ".own .picture canvas"), expected.ravel())
    page.evaluate(give, ["text.png", list(b"no picture"), "drop"])
    waiting(page, "#toast", "not a picture")
    page.evaluate(give, ["clear.png", list(png(PIL.Image.new("RGBA", (5, 5)))), "drop"])
    waiting(page, "#toast", "wholly transparent")
    page.get_by_text("Draw one").click()
    box = page.locator(".paper").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 150, steps=5)
    page.mouse.up()
    page.get_by_text("Use the drawing").click()
    assert page.inner_text(".result h3") == "drawing"
    assert pixels(page, ".own .picture canvas").max() > 200


def test_a_picture_is_drawn_with_keys(visit, page_file, measured_folder):
    """The arrow keys move a cursor, Space puts the pen down and lifts it, and the live region tells where."""
    page = visit(f"file://{page_file(measured_folder)}#tab=pictures")

    def drawn():
        return np.argwhere(pixels(page, ".paper").reshape(280, 280) < 128)

    page.focus("#tool-pictures summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "paper"
    page.keyboard.press("ArrowUp")
    assert len(drawn()) == 0
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    waiting(page, "#live", "Column 14, row 10 of 20, pen down")
    page.keyboard.press("Space")
    line = drawn()
    page.keyboard.press("ArrowDown")
    np.testing.assert_array_equal(drawn(), line)
    (top, left), (bottom, right) = line.min(axis=0), line.max(axis=0)
    assert 15 <= bottom - top <= 20 and 3 * 14 + 15 <= right - left <= 3 * 14 + 20
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    waiting(page, "#live", "Column 1, row 11 of 20, pen up")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.inner_text(".result h3") == "drawing"


def test_a_path_and_its_gif(visit, page_file, measured_folder, tmp_path):
    """Two stops and back: the film, the slider, the link, and the animation with the same pictures."""
    page = visit(
        f"file://{page_file(measured_folder)}#tab=path&stops=1.5,-1;-1,0.5&path=linear&steps=6&z=0,0"
    )
    page.wait_for_selector(".film canvas:nth-child(6)")
    page.locator("[aria-label='Place on the path']").press("End")
    np.testing.assert_array_equal(shown(page), np.float32([-1, 0.5]))
    page.locator("[aria-label='Place on the path']").press("ArrowLeft")
    np.testing.assert_allclose(shown(page), [-0.5, 0.2], atol=1e-6)
    with page.expect_download() as download:
        page.get_by_text("GIF", exact=True).click()
    download.value.save_as(tmp_path / "path.gif")
    model = Model.open(measured_folder)
    with PIL.Image.open(tmp_path / "path.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (10, (224, 224), 0)
        for place, z in ((0, [1.5, -1]), (5, [-1, 0.5])):
            film.seek(place)
            frame = np.asarray(film.convert("L"))[4::8, 4::8].astype(int)
            assert np.abs(frame - np.rint(model.decode([z])[0, ..., 0] * 255)).max() <= 1
    page.wait_for_timeout(500)
    assert "stops=1.5,-1;-1,0.5" in page.url


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_motion(visit, page_file, measured_folder, motion):
    """Play moves the picture by itself; where less motion is wished, it goes one step at a time."""
    address = f"file://{page_file(measured_folder)}#tab=path&stops=1.5,-1;-1,0.5&steps=30"
    page = visit(address, reduced_motion=motion)
    page.wait_for_selector(".player button:enabled")
    page.locator(".player button").first.click()
    first = shown(page)
    page.wait_for_timeout(600)
    assert (first == shown(page)).all() == (motion == "reduce")


def test_classes(visit, page_file, measured_folder):
    """The mean of a class, and half the way from there toward another."""
    page = visit(f"file://{page_file(measured_folder)}#tab=classes")
    facts, names = Model.open(measured_folder).facts, Model.open(measured_folder).info.class_names
    page.click("[aria-label='Go to the mean of Trouser']")
    np.testing.assert_allclose(shown(page), facts.class_means[names.index("Trouser")], rtol=1e-6)
    page.locator(".classes select").select_option(label="Bag")
    page.locator(".classes input").press("End")
    goal = facts.class_means[names.index("Bag")]
    start = facts.class_means[names.index("Trouser")]
    np.testing.assert_allclose(shown(page), start + 1.5 * 1.75 * (goal - start), rtol=1e-4, atol=1e-5)
    assert "From Trouser toward Bag, amount 1.50" in page.inner_text("#tool-classes")


@pytest.mark.parametrize(
    "fragment",
    [
        "#z=nan,1&plane=0,0&tab=%3Cb%3E&seed=-1&first=1e9&steps=1",
        "#plane=7,1&z=1&stops=;;1,2,3",
        "#%%%",
        "#tab=nosuch",
    ],
)
def test_addresses_that_do_not_fit(visit, page_file, measured_folder, fragment):
    """They are ignored in part or whole, without an error."""
    page = visit(f"file://{page_file(measured_folder)}{fragment}")
    np.testing.assert_allclose(shown(page), Model.open(measured_folder).facts.z_mean, rtol=1e-6)
    assert page.locator("[role=tab][aria-selected=true]").count() == 1


def test_a_link_holds_everything(visit, page_file, measured_folder):
    """A second page with the address of the first one is in the same state."""
    page = visit(f"file://{page_file(measured_folder)}")
    page.click("#tab-samples")
    page.fill(".samples input >> nth=0", "18446744073709551615")
    page.press(".samples input >> nth=0", "Enter")
    page.fill(".samples input >> nth=2", "0.8")
    page.press(".samples input >> nth=2", "Enter")
    page.click(".samples .picture:nth-child(3)")
    z = shown(page)
    page.wait_for_timeout(500)
    other = visit(page.url)
    np.testing.assert_array_equal(shown(other), z)
    assert other.input_value(".samples input >> nth=0") == "18446744073709551615"
    assert other.input_value(".samples input >> nth=2") == "0.8"
    assert other.locator("#tool-samples").is_visible()


def test_a_latent_moved_by_hand_has_a_line_of_python(visit, served, measured_folder, tmp_path):
    """What the button copies runs in a shell and gives the picture."""
    page = visit(served(measured_folder), permissions=["clipboard-read", "clipboard-write"])
    page.click("#map", position={"x": 40, "y": 60})
    picture = Model.open(measured_folder).decode(shown(page)[None])[0]
    page.click("#copy-command")
    program, *words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    words = [word.replace("picture.png", str(tmp_path / "picture.png")) for word in words]
    assert program == "python"
    subprocess.run(
        [sys.executable, *words], cwd=measured_folder.parent, check=True, capture_output=True, timeout=600
    )
    image = np.asarray(PIL.Image.open(tmp_path / "picture.png")).astype(int)
    assert np.abs(image - np.rint(picture[..., 0] * 255)).max() <= 1


def test_other_files_are_refused_in_words(visit, page_file, measured_folder, small_folder):
    """Broken, foreign, truncated and huge model files leave the page as it was; a good one replaces the model."""
    page = visit(f"file://{page_file(measured_folder)}")
    decoder, encoder = (file.content for file in read_all(small_folder)[:2])
    drop = """([name, content, size]) => {
        const data = new DataTransfer(), bytes = size ? new Uint8Array(size) : Uint8Array.from(atob(content),
            (character) => character.charCodeAt(0));
        data.items.add(new File([bytes], name));
        dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
    }"""
    changed = bytearray(decoder)
    changed[len(decoder) // 3] ^= 1
    cases = {
        "empty": (b"", "not a complete ONNX file"),
        "text": (b"hello world, this is no model", "not a complete ONNX file"),
        "truncated": (decoder[: len(decoder) // 2], "not a complete ONNX file"),
        "changed": (bytes(changed), "damaged"),
        "foreign": (b"\x08\x08\x3a\x00", "not one that vaecli made"),
        "encoder": (encoder, "must be decoder.onnx"),
        "future": (decoder.replace(b"vaecli.format\x12\x012", b"vaecli.format\x12\x013"), "Another version"),
    }
    for name, (content, message) in cases.items():
        page.evaluate(drop, [f"{name}.onnx", base64.b64encode(content).decode(), 0])
        waiting(page, "#toast", re.compile(f"^{name}.*{message}"))
        assert page.inner_text("#name") == "model" or page.inner_text("#name") == "mini-2d"
    page.evaluate(drop, ["huge.onnx", "", 2**27 + 1])
    waiting(page, "#toast", "at most 128 MB")
    page.evaluate(drop, ["decoder.onnx", base64.b64encode(decoder).decode(), 0])
    waiting(page, "#summary", re.compile("14 . 13"))
    page.wait_for_selector("#check[data-state=good]")
    z = shown(page)
    expected = np.rint(Model.open(small_folder).decode(z[None]).ravel() * 255)
    assert np.abs(pixels(page, "#picture") - expected).max() <= 1
