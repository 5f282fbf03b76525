"""What the commands share."""

import json
import pathlib

from vaecli.cli import console


def test_model_path(here):
    """What is named wins over the newest run, which is taken when nothing is."""
    model = here / "runs" / "a-1" / "model"
    model.mkdir(parents=True)
    (model / "decoder.onnx").touch()
    (model.parent / "provenance.json").write_text(json.dumps({"started": "2026"}))
    assert console.model_path(None) == pathlib.Path("runs/a-1")
    assert console.model_path(pathlib.Path("other")) == pathlib.Path("other")
