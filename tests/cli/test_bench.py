"""`vaecli bench`, through the program's own `main`."""

import json


def test_table(call, model_folder):
    """One row for each measurement, within 80 columns."""
    code, out, _ = call("bench", "-m", model_folder, "--seconds", 0.004, "--against")
    assert code == 0
    assert out.split("\n")[0].split() == ["file", "runtime", "batch", "images/s", "p50", "ms", "p99", "ms"]
    assert max(map(len, out.splitlines())) <= 80
    assert "onnxruntime" in out


def test_json(call, model_folder):
    """`--json` prints one object with the same figures."""
    code, out, err = call("bench", "-m", model_folder, "--seconds", 0.004, "--json")
    assert (code, err) == (0, "")
    measured = json.loads(out)["measurements"]
    assert {entry["file"] for entry in measured} == {"encoder.onnx", "decoder.onnx"}
    assert {entry["batch"] for entry in measured} == {1, 16, 256}


def test_a_wrong_time_is_a_usage_error(call, model_folder):
    """A duration of 0 is a usage error that names the option."""
    code, _, err = call("bench", "-m", model_folder, "--seconds", 0)
    assert code == 2
    assert "--seconds" in err


def test_precision_and_batch(call, small_folder):
    """`--precision` and `--batch` select measurements; a batch of 0 is a usage error."""
    code, out, _ = call("bench", "-m", small_folder, "--seconds", 0.004, "--precision", "int8", "--batch", 5)
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()[1:]} == {"encoder.onnx", "decoder.int8.onnx"}
    code, out, _ = call("bench", "-m", small_folder, "--seconds", 0.004, "--precision", "fp16", "--batch", 5)
    assert {line.split()[0] for line in out.splitlines()[1:]} == {"encoder.fp16.onnx", "decoder.fp16.onnx"}
    assert " 5 " in out
    code, _, err = call("bench", "-m", small_folder, "--batch", 0)
    assert code == 2
    assert "--batch" in err
