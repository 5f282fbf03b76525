"""Model files with a right digest and a wrong content, dropped on the page: a message, and the page goes on."""

import base64
import json
import re

import pytest

from vaecli.modelfile.metadata import KEY_DIGEST, KEY_INFO
from vaecli.modelfile.read import read_file
from vaecli.modelfile.write import with_digest, with_metadata

DROP = """([name, content]) => {
    const data = new DataTransfer(), bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    data.items.add(new File([bytes], name));
    dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
}"""
PACKED = {"dtype": "float64", "shape": [2], "data": base64.b64encode(bytes(8)).decode()}


@pytest.fixture
def forged(small_folder):
    """Forges a decoder: other metadata entries, or other bytes of the same length; its digest is right."""
    file = read_file(small_folder / "decoder.onnx")

    def forged(entries=None, info=None, replaced=None):
        content = file.content
        if replaced is not None:
            assert len(replaced[0]) == len(replaced[1]) and replaced[0] in content
            return with_digest(content.replace(*replaced, 1))
        described = json.loads(file.metadata[KEY_INFO]) | (info or {})
        kept = {key: text for key, text in file.metadata.items() if key != KEY_DIGEST}
        return with_metadata(content, kept | {KEY_INFO: json.dumps(described)} | (entries or {}))

    return forged


CASES = {
    "info-text": ({"entries": {KEY_INFO: "{"}}, "description in the file is malformed"),
    "info-list": ({"entries": {KEY_INFO: "[]"}}, "description in the file is malformed"),
    "no-classes": ({"info": {"class_names": None}}, "description in the file is malformed"),
    "vast": ({"info": {"image_shape": [2**20, 2**20, 1]}}, "does not know"),
    "likelihood": ({"info": {"likelihood": {"name": "new", "outputs": ["logits"]}}}, "does not know"),
    "dimensions": ({"info": {"latent_dim": 3}}, "cannot be computed"),
    "size": ({"info": {"image_shape": [14, 12, 1]}}, "another size than its description"),
    "facts": ({"entries": {"vaecli.facts": '{"kl": 1}'}}, "metadata of the file do not fit"),
    "short": ({"entries": {"vaecli.facts": json.dumps({"kl": PACKED})}}, "metadata of the file do not fit"),
    "prior": ({"entries": {"vaecli.prior": '{"weights": {}}'}}, "metadata of the file do not fit"),
    "operator": ({"replaced": (b'"\x07Sigmoid', b'"\x07Sigmoix')}, "operator that vaecli does not write"),
    "shapes": ({"replaced": (b"kernel_shape", b"kernel_shapx")}, ""),
}


def test_forged_files(visit, page_file, measured_folder, forged):
    """Each is refused in words, or computes something that the vectors expose; no error escapes."""
    from playwright.sync_api import expect

    page = visit(f"file://{page_file(measured_folder)}")
    for name, (changes, message) in CASES.items():
        page.evaluate(DROP, [f"{name}.onnx", base64.b64encode(forged(**changes)).decode()])
        expect(page.locator("#toast")).to_contain_text(re.compile(f"{name}.*({message})"))
    page.locator("#map").press("ArrowRight")
    assert page.inner_text("#name") in ("model", "mini-2d", "small")


@pytest.mark.parametrize("text", ["{}", "null", '{"inputs": {}, "outputs": {}, "bounds": {}, "shapes": {}}'])
def test_malformed_vectors(visit, page_file, measured_folder, forged, text):
    """The badge says that the file was not confirmed."""
    page = visit(f"file://{page_file(measured_folder)}")
    page.evaluate(DROP, ["a.onnx", base64.b64encode(forged({"vaecli.golden": text})).decode()])
    page.wait_for_selector("#check[data-state=bad]")
    assert page.inner_text("#check") == "Computes something else"
