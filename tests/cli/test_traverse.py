"""`vaecli traverse`, through the program's own `main`."""

import json

import PIL.Image


def test_a_sheet(call, here, measured_folder):
    """stdout is the path alone; notes are on stderr, and --quiet prints none."""
    code, stdout, stderr = call("traverse", "test:0", "-m", measured_folder, "-o", "a.png")
    assert (code, stdout) == (0, "a.png\n")
    assert "test:0: picture 0 of the test set" in stderr
    assert call("traverse", "test:0", "-m", measured_folder, "-o", "b.png", "-q") == (0, "b.png\n", "")
    with PIL.Image.open("a.png") as page:
        assert page.mode == "RGB" and page.width > 11 * 28


def test_json(call, here, measured_folder, check_schema):
    """One object that fits its schema, for each form."""
    for options in (["-o", "a.png"], ["-o", "a.gif", "--steps", 4], ["-o", "b.png", "--dims", "0,1"]):
        code, stdout, _ = call("traverse", "-m", measured_folder, "--json", *options)
        assert code == 0
        check_schema("traverse", json.loads(stdout))


def test_show(call, here, measured_folder):
    """Half blocks on stderr, a row a dimension."""
    code, stdout, stderr = call("traverse", "-m", measured_folder, "-o", "a.png", "--steps", 5, "--show")
    assert (code, stdout) == (0, "a.png\n") and "▀" in stderr


def test_info_tells_how_to_make_it_again(call, here, measured_folder):
    """The command that `vaecli info` prints works and writes the same picture."""
    call("traverse", "test:2", "-m", measured_folder, "-o", "a.png", "--dims", "0,1", "--steps", 3)
    command = json.loads(call("info", "a.png", "--json")[1])["command"]
    words = [str(measured_folder) if word == "MODEL" else word for word in command.split()[1:]]
    assert call(*words)[0] == 0
    assert (here / "traversal.png").read_bytes() == (here / "a.png").read_bytes()


def test_usage_errors(call, here, measured_folder):
    """Exit code 2 for an option, 1 for a picture."""
    assert call("traverse", "-m", measured_folder, "--dims", "0,9")[0] == 2
    code, _, stderr = call("traverse", "nothing.png", "-m", measured_folder)
    assert code == 1 and stderr.count("nothing.png") == 1  # said once
    assert list(here.iterdir()) == []
