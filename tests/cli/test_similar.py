"""`vaecli similar`, through the program's own `main`."""

import json

import PIL.Image


def test_lines(call, here, model_folder):
    """Without -o, a line for each picture on stdout; notes are on stderr, and --quiet prints none."""
    words = ["similar", "test:5", "-m", model_folder, "--among", "test:0:50", "-n", 3]
    code, stdout, stderr = call(*words)
    lines = stdout.splitlines()
    assert code == 0 and len(lines) == 4 and lines[0].split() == ["distance", "file", "label"]
    assert all(line.split()[1].startswith("test:") for line in lines[1:])
    assert "test:5: picture 5 of the test set" in stderr
    assert call(*words, "-q") == (0, stdout, "")
    assert list(here.iterdir()) == []


def test_a_sheet_and_a_table(call, here, model_folder):
    """stdout is the path alone, or the CSV."""
    words = ["similar", "test:5", "-m", model_folder, "--among", "test:0:50", "-q", "-o"]
    assert call(*words, "a.png") == (0, "a.png\n", "")
    with PIL.Image.open("a.png") as page:
        assert page.width > 11 * 28
    assert call(*words, "a.csv") == (0, "a.csv\n", "")
    code, stdout, _ = call(*words, "a.jsonl", "--show")
    assert (code, stdout) == (0, "a.jsonl\n")


def test_csv_on_stdout(process, here, model_folder):
    """Nothing else is there."""
    result = process("similar", "test:5", "-m", model_folder, "--among", "test:0:50", "-n", "2", "-o", "-")
    assert result.returncode == 0 and result.stdout.startswith(b"file,label,distance\n")
    assert result.stdout.count(b"\n") == 3


def test_json(call, here, model_folder, check_schema):
    """One object that fits its schema, with pictures and with latents."""
    assert call("encode", "test:0:50", "-m", model_folder, "-o", "z.npz")[0] == 0
    for among in ("test:0:50", "z.npz"):
        words = ["similar", "test:5", "-m", model_folder, "--among", among, "--json"]
        code, stdout, _ = call(*words)
        assert code == 0
        check_schema("similar", json.loads(stdout))
    assert call(*words, "-o", "-")[0] == 2


def test_an_unreadable_picture(call, here, model_folder):
    """It is listed, the rest is searched, and the exit code is 1."""
    (here / "photos").mkdir()
    PIL.Image.new("L", (28, 28), 200).save(here / "photos" / "a.png")
    (here / "photos" / "b.png").write_text("no picture")
    code, stdout, stderr = call("similar", "test:5", "-m", model_folder, "--among", "photos", "-o", "a.png")
    assert (code, stdout) == (1, "a.png\n")
    assert "Cannot read photos/b.png" in stderr and "1 of 2 pictures cannot be read" in stderr


def test_usage_errors(call, here, model_folder):
    """Exit code 2 for an option, 1 for a picture."""
    words = ["similar", "test:5", "-m", model_folder]
    assert call(*words)[0] == 2
    assert call(*words, "--among", "test::", "-n", 0)[0] == 2
    assert call("similar", "no.png", "-m", model_folder, "--among", "test::")[0] == 1
    assert list(here.iterdir()) == []
