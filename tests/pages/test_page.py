"""The page as a file: its size, its policy, and what of the training data it holds."""

import base64
import gzip
import hashlib
import html
import json
import pathlib
import re
import shutil

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.read import check_content
from vaecli.npz import write_npz
from vaecli.pages.bundle import bundle
from vaecli.pages.page import ENTRY, SOURCES, Contents, File, build
from vaecli.tasks.page import PageOptions, model_page

MOST_OWN_BYTES = 150_000  # of a page beside its model


def test_a_page_has_few_bytes_of_its_own():
    """Scripts, style and frame stay below 150 KB."""
    assert len(build(Contents("a", "a", File(b""))).content) < MOST_OWN_BYTES


@pytest.mark.parametrize("name", ["measured_folder", "small_folder", "mixed_folder"])
def test_a_page_is_as_large_as_its_model_compressed(name, request):
    """The files in base64 after gzip, in fp16 where there is one, and at most 150 KB."""
    folder = request.getfixturevalue(name)
    made = model_page(folder)
    files = [gzip.compress((folder / file).read_bytes(), 9) for file in made.files]
    assert len(made.page.content) <= sum(len(base64.b64encode(file)) for file in files) + MOST_OWN_BYTES


def test_the_same_contents_give_the_same_bytes(model_folder):
    """So that a page can be compared with one that was served."""
    first, second = (model_page(model_folder) for _ in range(2))
    assert first.page == second.page and b"<!--" not in first.page.content


def test_the_policy_admits_the_page_alone():
    """The policy names the hashes of script and style, and nothing else can be loaded or sent."""
    page = build(Contents("name", "runs/name", File(b"decoder")))
    text = page.content.decode()
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    for part in (script, style):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.policy
    assert page.policy.startswith("default-src 'none'") and "unsafe" not in page.policy
    assert f'content="{html.escape(page.policy)}"' in text


def test_names_cannot_break_out():
    """A name with markup stays text, in the title and in the data."""
    text = build(Contents("</script><b>&", "<!--SCRIPT-->", File(b"x"))).content.decode()
    assert "</script><b>" not in text and text.count("</script>") == 2
    assert "<!--SCRIPT-->" not in text


def test_scripts_cannot_end_their_element():
    """No text in the scripts would end the script element early."""
    script = bundle(SOURCES, ENTRY).lower()
    assert "</script" not in script and "<!--" not in script


def test_what_travels_by_default(measured_folder, held):
    """Latents of validation images, and no image: the encoder keeps only its golden inputs that were made."""
    made = model_page(measured_folder)
    contents = held(made.page.content)
    decoder, encoder = (check_content(contents[part], pathlib.Path(part)) for part in ("decoder", "encoder"))
    assert len(decoder.facts().examples) == 256 and contents["pictures"] is None
    images = encoder.golden().inputs["image"]
    assert len(images) == 2 and set(np.unique(images[1])) == {0, 255} and images[0].std() > 60
    assert made.travels == ("decoder.onnx", "encoder.onnx", "latents of 256 validation images")


def test_without_examples_no_latent_of_an_image_travels(measured_folder, held):
    """Neither in the facts nor in the golden vectors; the files still fit and can be checked."""
    made = model_page(measured_folder, PageOptions(examples=False))
    decoder = check_content(held(made.page.content)["decoder"], pathlib.Path("decoder"))
    assert decoder.facts().examples is None and decoder.facts().kl is not None
    assert np.linalg.norm(decoder.golden().inputs["z"], axis=1) == pytest.approx([10])
    assert "latents" not in " ".join(made.travels)


def test_pictures_travel_where_they_are_asked_for(measured_folder, held, tmp_path):
    """The images that the run keeps, and the encoder's golden inputs; not those of other places."""
    run = tmp_path / "run"
    shutil.copytree(measured_folder, run / "model")
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), np.uint8)
    write_npz(run / "images.npz", {"validation": images, "training": images[:1]}, compressed=True)
    for path in (run, run / "model", run / "model" / "decoder.onnx"):
        made = model_page(path, PageOptions(pictures=True))
        assert held(made.page.content)["pictures"] == images.tobytes()
        assert "5 validation images" in made.travels
    encoder = check_content(held(made.page.content)["encoder"], pathlib.Path("encoder"))
    assert len(encoder.golden().inputs["image"]) == 5


def test_pictures_need_the_run(model_folder):
    """A model folder alone keeps none."""
    with pytest.raises(ModelError, match="--with-pictures needs the run"):
        model_page(model_folder, PageOptions(pictures=True))


def test_half_precision_is_taken_where_it_is_there(small_folder, held):
    """Both files in fp16; of a decoder in int8 alone there is no page."""
    made = model_page(small_folder)
    assert made.travels[:2] == ("decoder.fp16.onnx", "encoder.fp16.onnx")
    assert check_content(held(made.page.content)["decoder"], pathlib.Path("d")).info.precision == "fp16"


def test_a_decoder_in_int8_alone_is_refused(small_folder, tmp_path):
    """The page computes float32 and fp16."""
    path = shutil.copy(small_folder / "decoder.int8.onnx", tmp_path / "decoder.int8.onnx")
    with pytest.raises(ModelError, match="float32 or fp16"):
        model_page(pathlib.Path(path))


def test_a_model_that_is_too_large_is_refused(model_folder, monkeypatch):
    """Before a browser runs out of memory."""
    monkeypatch.setattr("vaecli.tasks.page.MOST_BYTES", 300_000)
    with pytest.raises(ModelError, match=r"decoder\.onnx must have at most 0 MB for a page"):
        model_page(model_folder)


def test_no_path_of_the_machine(model_folder, held, monkeypatch, tmp_path):
    """Commands in the page name the model as it lies below the current folder, else by its last name."""
    monkeypatch.chdir(tmp_path)
    assert held(model_page(model_folder).page.content)["model"] == "mini-2d"
    shutil.copytree(model_folder, tmp_path / "runs" / "a")
    content = model_page(tmp_path / "runs" / "a").page.content
    assert held(content)["model"] == "runs/a" and str(tmp_path).encode() not in content
    assert json.dumps(str(model_folder)).encode() not in content
