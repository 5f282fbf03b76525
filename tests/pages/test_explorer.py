"""The page in a browser: what a person sees and does."""

import pathlib

import numpy as np
import PIL.Image
import pytest

from vaecli.runtime.model import Model


def pixels(page, selector="#picture"):
    """Return the pixels of a canvas, grey."""
    values = page.evaluate(
        """(selector) => { const canvas = document.querySelector(selector);
        return Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data); }""",
        selector,
    )
    return np.array(values, np.uint8)[::4]


def shown(page):
    """Return the latent of the picture that is shown, once it is shown."""
    page.wait_for_timeout(100)
    return np.array([float(part) for part in page.get_attribute("#picture", "data-z").split(",")], np.float32)


def decoded(folder, z):
    """Return the picture that Python decodes, as levels."""
    return np.rint(Model.open(folder).decode(z[None])[0].ravel() * 255)


def test_the_model_opens_and_checks_itself(visit, page_file, measured_folder):
    """All vectors pass, and the picture at the mean is the one that Python decodes."""
    page = visit(f"file://{page_file(measured_folder)}")
    assert page.get_attribute("#check", "data-state") == "good"
    z = shown(page)
    np.testing.assert_allclose(z, Model.open(measured_folder).facts.z_mean, rtol=1e-6)
    assert np.abs(pixels(page) - decoded(measured_folder, z)).max() <= 1


def test_the_first_picture_waits_for_the_decoder_alone(visit, page_file, measured_folder):
    """It is painted before the encoder is read and before the test vectors run."""
    page = visit(f"file://{page_file(measured_folder)}")
    marks = page.evaluate("performance.getEntriesByType('mark').map((mark) => mark.name)")
    assert marks == ["script", "decoder", "first picture", "complete"]


def test_file_and_server_give_equal_pixels(visit, page_file, served, measured_folder):
    """The same bytes, from the disk and over http, show the same picture."""
    addresses = [f"file://{page_file(measured_folder)}", served(measured_folder)]
    pictures = [pixels(visit(f"{address}#z=0.5,-1.25")) for address in addresses]
    np.testing.assert_array_equal(*pictures)


def test_samples_are_those_of_the_command(visit, page_file, measured_folder, call):
    """Each picture of the sheet is the one that `vaecli sample` writes for the seed and the number."""
    page = visit(f"file://{page_file(measured_folder)}#tab=samples&seed=11&first=40")
    page.wait_for_selector(".samples .picture:nth-child(24) canvas")
    code, _, stderr = call(
        "sample", "-m", measured_folder, "-n", 24, "--seed", 11, "--first", 40, "-o", "s.npy"
    )
    assert code == 0, stderr
    expected = np.load("s.npy").reshape(24, -1).astype(int)
    for number in (0, 7, 23):
        actual = pixels(page, f".samples .picture:nth-child({number + 1}) canvas").astype(int)
        assert np.abs(actual - expected[number]).max() <= 1
    page.click(".samples .picture:nth-child(8)")
    np.testing.assert_allclose(
        shown(page), Model.open(measured_folder).draw(1, seed=11, first=47)[0], rtol=1e-6
    )


def test_samples_of_a_class_and_of_another_prior(visit, page_file, mixed_folder):
    """What the controls say is drawn: a class, N(0, I) in place of the model's mixture, another temperature."""
    page, model = visit(f"file://{page_file(mixed_folder)}#tab=samples&seed=2"), Model.open(mixed_folder)
    steps = [
        (lambda: page.locator(".samples select").nth(0).select_option(label="Bag"), {"label": "Bag"}),
        (lambda: page.locator(".samples select").nth(0).select_option(label="all"), {}),
        (lambda: page.locator(".samples select").nth(1).select_option("normal"), {"prior": "normal"}),
        (lambda: page.locator(".samples input").nth(2).fill("0.5"), {"prior": "normal", "temperature": 0.5}),
    ]
    for change, options in steps:
        change()
        page.keyboard.press("Tab")
        page.click(".samples .picture:nth-child(4)")
        np.testing.assert_allclose(
            shown(page), model.draw(1, seed=2, first=3, **options)[0], rtol=1e-5, atol=1e-6
        )


def test_sheets_are_saved(visit, page_file, measured_folder, tmp_path):
    """The plane without gaps, its middle the picture of the mean; the samples on white."""
    page = visit(f"file://{page_file(measured_folder)}")
    model = Model.open(measured_folder)
    with page.expect_download() as download:
        page.click("#plane-png")
    download.value.save_as(tmp_path / "plane.png")
    image = np.asarray(PIL.Image.open(tmp_path / "plane.png").convert("L"))[::2, ::2].astype(int)
    assert image.shape == (15 * 28, 15 * 28)
    middle = image[7 * 28 : 8 * 28, 7 * 28 : 8 * 28]
    assert np.abs(middle - np.rint(model.decode(model.facts.z_mean[None])[0, ..., 0] * 255)).max() <= 1
    page.click("#tab-samples")
    with page.expect_download() as download:
        page.get_by_text("PNG of the sheet").click()
    download.value.save_as(tmp_path / "samples.png")
    image = np.asarray(PIL.Image.open(tmp_path / "samples.png").convert("L")).astype(int)
    assert image.shape == (4 * 86 + 2, 6 * 86 + 2) and (image[:2] == 255).all()
    first = np.rint(model.sample(1)[0, ..., 0] * 255)
    assert np.abs(image[2:86:3, 2:86:3] - first).max() <= 1


def test_a_slider_moves_one_dimension(visit, page_file, measured_folder):
    """The picture follows the slider, and the address keeps the latent."""
    page = visit(f"file://{page_file(measured_folder)}")
    before = shown(page)
    page.locator(".slider input").first.press("ArrowRight")
    page.locator(".slider input").first.press("PageUp")
    after = shown(page)
    assert (before != after).sum() == 1
    page.wait_for_timeout(500)
    address = page.url
    np.testing.assert_array_equal(shown(visit(address)), after)


@pytest.mark.parametrize("scale", ["#save-png", "#save-large"])
def test_pictures_are_saved(visit, page_file, measured_folder, scale, tmp_path):
    """A PNG has the picture's own pixels; enlarged, each is a square."""
    page = visit(f"file://{page_file(measured_folder)}#z=0.5,-1.25")
    shown(page)
    with page.expect_download() as download:
        page.click(scale)
    download.value.save_as(tmp_path / "a.png")
    image = np.asarray(PIL.Image.open(tmp_path / "a.png").convert("L"))
    factor = image.shape[0] // 28
    assert factor == (1 if scale == "#save-png" else 18)
    np.testing.assert_array_equal(image[::factor, ::factor].ravel(), pixels(page))
    np.testing.assert_array_equal(
        image, np.kron(image[::factor, ::factor], np.ones((factor, factor), np.uint8))
    )


def test_the_example_page(visit):
    """The committed page opens without anything else, computes what was trained, and is small."""
    path = pathlib.Path(__file__).parents[2] / "examples" / "explorer.html"
    page = visit(f"file://{path}")
    assert page.get_attribute("#check", "data-state") == "good" and path.stat().st_size <= 700_000


@pytest.mark.train
def test_a_conditional_model(visit, page_file, export_untrained, tmp_path):
    """The label is an input: of the picture by its own control, of samples by their class; a link keeps it."""
    folder = export_untrained(tmp_path / "model", "dense", "bernoulli", (12, 10, 1), labels=3)
    model = Model.open(folder)
    page = visit(f"file://{page_file(folder)}#z=0.5,-1,2&tab=samples")
    for label in ("", "2"):
        page.select_option("#label", label)
        z = shown(page)
        expected = model.decode(z[None], int(label) if label else None)[0]
        assert np.abs(pixels(page) - np.rint(expected.ravel() * 255)).max() <= 1
    page.locator(".samples select").select_option(label="b")
    page.click(".samples .picture:nth-child(6)")
    z = shown(page)
    np.testing.assert_allclose(z, model.draw(1, first=5, label="b")[0], rtol=1e-6)
    assert page.input_value("#label") == "1"
    assert np.abs(pixels(page) - np.rint(model.decode(z[None], 1)[0].ravel() * 255)).max() <= 1
    page.wait_for_timeout(500)
    assert "label=1" in page.url and "class=1" in page.url
