"""The lines that a training run shows before it trains."""

from vaecli.cli.training_screen import PlainWatcher, Screen


def test_a_pipe_gets_one_line_for_each_kind_of_reading(capsys):
    """However often the progress is reported."""
    watcher = PlainWatcher()
    for done in (0, 1000, 2000):
        watcher.read("Looking at pictures", done, 2000)
    for done in (0, 2000):
        watcher.read("Reading pictures", done, 2000)
    assert capsys.readouterr().err == "Looking at pictures: 2,000 ...\nReading pictures: 2,000 ...\n"


def test_a_screen_without_a_terminal_draws_no_bar(capsys):
    """Nothing is left behind, and closing it twice does no harm."""
    screen = Screen()
    screen.read("Reading pictures", 1, 2)
    screen.close()
    screen.close()
    assert "Reading" not in capsys.readouterr().err
