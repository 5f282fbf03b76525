"""The lines that a training run shows before it trains."""

from vaecli.cli.training_screen import PlainWatcher, Screen
from vaecli.runs.progress import Plan


def test_a_pipe_gets_one_line_for_each_kind_of_reading(capsys):
    """However often the progress is reported."""
    watcher = PlainWatcher()
    for done in (0, 1000, 2000):
        watcher.read("Looking at pictures", done, 2000)
    for done in (0, 2000):
        watcher.read("Reading pictures", done, 2000)
    assert capsys.readouterr().err == "Looking at pictures: 2,000 ...\nReading pictures: 2,000 ...\n"


def test_the_bar_says_that_the_mixture_is_fitted(monkeypatch):
    """Until the next steps are taken."""
    screen = Screen()
    monkeypatch.setattr(screen._live, "start", lambda: None)
    screen.started(Plan("run", "few", 90, 10, 1, 3, 0, 4, "float32", 1, 32, 0.1))
    speeds = []
    for event in (screen.fitting_prior, lambda: screen.stepped(2, 1, 50.0)):
        event()
        speeds.append(screen._bars.tasks[1].fields["speed"])
    assert speeds == ["fitting the mixture", "50 images/s"]


def test_a_screen_without_a_terminal_draws_no_bar(capsys):
    """Nothing is left behind, and closing it twice does no harm."""
    screen = Screen()
    screen.read("Reading pictures", 1, 2)
    screen.close()
    screen.close()
    assert "Reading" not in capsys.readouterr().err
