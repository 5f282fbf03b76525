"""The file of a classifier: what is refused, and why."""

import json
import pathlib

import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.classifier import KEY_CLASSIFIER, check_classifier, read_classifier, to_content
from vaecli.modelfile.write import with_metadata
from vaecli.runtime.classifier import bundled_file

PATH = pathlib.Path("features.onnx")


@pytest.fixture(scope="module")
def file():
    """The classifier that comes with vaecli."""
    return bundled_file()


def with_fields(file, **changes):
    """The bytes of the file with other fields in its description, and the right digest; None removes a field."""
    fields = json.loads(file.info.to_metadata()[KEY_CLASSIFIER]) | changes
    kept = {name: value for name, value in fields.items() if value is not None}
    return with_metadata(file.content, {KEY_CLASSIFIER: json.dumps(kept)})


def test_the_description_survives_a_round_trip(file, tmp_path):
    """A file that is written again is read with the same description, graph and digest."""
    (tmp_path / "again.onnx").write_bytes(to_content(file.content, file.info))
    again = read_classifier(tmp_path / "again.onnx")
    assert (again.info, again.graph, again.sha256) == (file.info, file.graph, file.sha256)
    assert with_fields(file) == file.content


def test_a_flipped_bit_is_noticed(file):
    """A change anywhere in the content is refused."""
    for place in range(0, len(file.content), len(file.content) // 9):
        content = bytearray(file.content)
        content[place] ^= 4
        with pytest.raises(ModelError):
            check_classifier(bytes(content), PATH)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has a format that this version does not know"),
        ({"format": None}, "do not fit"),
        ({"name": None}, "do not fit"),
        ({"unknown": 1}, "do not fit"),
        ({"image_shape": [28, 28]}, "do not fit"),
        ({"image_shape": [28, 28, 2]}, "must have 1 or 3 channels"),
        ({"image_shape": [28, 28.0, 1]}, "must be three sizes"),
        ({"image_shape": [14, 28, 1]}, "its inputs must be image"),
        ({"feature_count": 0}, "feature_count must be 1"),
        ({"feature_count": 65}, "its outputs must be features"),
        ({"class_names": []}, "class_names"),
        ({"class_names": ["a", "b"]}, "its outputs must be features"),
        ({"class_names": [1] * 10}, "must be text"),
        ({"accuracy": 1.5}, "accuracy must be within 0 and 1"),
        ({"accuracy": "high"}, "accuracy must be within 0 and 1"),
        ({"data": []}, "must be tables"),
        ({"data": {}}, "'sha256' of its data"),
        ({"name": "a\x1b[31m"}, "no control characters"),
    ],
)
def test_descriptions_that_do_not_fit(file, changes, message):
    """A description of another format, type, size or graph is refused although the digest is right."""
    with pytest.raises(ModelError, match=message):
        check_classifier(with_fields(file, **changes), PATH)


def test_other_files(model_folder, tmp_path):
    """The file of a model is named as one, and a text file, too; nothing there is an error as well."""
    with pytest.raises(ModelError, match=r"must be a classifier that vaecli made.*features train"):
        read_classifier(model_folder / "decoder.onnx")
    (tmp_path / "text.onnx").write_text("no model\n" * 20)
    with pytest.raises(ModelError, match=r"must be an ONNX file, got a text file"):
        read_classifier(tmp_path / "text.onnx")
    with pytest.raises(ModelError, match="Cannot read"):
        read_classifier(tmp_path / "nothing.onnx")
