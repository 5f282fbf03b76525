"""`--config` with other options: which numbers of a run's file give way to defaults, and which stay."""

import shutil

import pytest

from vaecli.config import read_config
from vaecli.data.named.bundled import load_mini
from vaecli.options import TrainOptions, merge
from vaecli.runs.progress import Watcher
from vaecli.tasks.train.configured import outdated
from vaecli.tasks.train.job import begin
from vaecli.training.networks import table


@pytest.fixture
def begun(here):
    """Begins a run of the bundled data set and returns its config.toml."""

    def begun(name="run", **options):
        with begin(TrainOptions(**{"data": "fashion-mnist-mini"} | options), here / name, Watcher()) as job:
            return job.run.config

    return begun


def combined(path, n_train=5700, **typed):
    """Return the options of a run with the file and the typed options, as `train` resolves them."""
    settings = read_config(path)
    stale = outdated(path, settings, typed).settings
    kept = {name: value for name, value in settings.items() if name not in stale}
    return table.with_defaults(merge(kept, typed), (28, 28, 1), n_train)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ({"network": "dense"}, ["width", "depth", "learning_rate"]),
        ({"network": "residual", "learning_rate": 0.1}, ["width", "depth"]),
        ({"network": "conv", "width": 8, "epochs": 60}, ["depth", "learning_rate", "kl_warmup"]),
        ({"epochs": 60}, ["kl_warmup"]),
        ({"batch_size": 32}, ["learning_rate"]),
        ({"image_size": "32", "colour": "rgb"}, ["width"]),
    ],
    ids=str,
)
def test_defaults_of_other_options_give_way(begun, typed, names):
    """What remains is the run that the typed options alone would give."""
    path = begun()
    stale = outdated(path, read_config(path), typed)
    assert list(stale.settings) == names
    assert all(f"{name} = " in stale.note for name in names)
    if "image_size" not in typed:
        assert combined(path, **typed) == combined(begun("other", **typed))


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"seed": 7, "latent_dim": 4, "beta": 2.0},
        {"network": "classic", "epochs": 30, "data": "fashion-mnist-mini", "batch_size": 128},
    ],
    ids=str,
)
def test_a_file_alone_repeats_its_run(begun, typed):
    """Options that nothing depends on, and those that are the same as in the file, change no number."""
    path = begun()
    assert outdated(path, read_config(path), typed).settings == {}
    assert combined(path, **typed) == merge(read_config(path), typed)


@pytest.mark.parametrize(
    ("own", "typed"),
    [
        ({"kl_warmup": 5.0}, {"epochs": 60}),
        ({"learning_rate": 0.003}, {"batch_size": 32}),
        ({"width": 24}, {"image_size": "32", "colour": "rgb"}),
        ({"batch_size": 64}, {"data": "other"}),
    ],
    ids=str,
)
def test_numbers_that_were_set_stay(begun, own, typed):
    """They are not the defaults, so somebody chose them."""
    path = begun(**own)
    assert combined(path, **typed) == merge(read_config(path), own | typed)


def test_width_and_rate_of_another_network_never_stay(begun):
    """Units are no filters, and no rate suits two networks; the note says how to keep one."""
    path = begun(width=24, learning_rate=0.003)
    stale = outdated(path, read_config(path), {"network": "conv"})
    assert stale.settings == {"width": 24, "depth": 2, "learning_rate": 0.003}
    assert "another --network: width = 24, depth = 2, learning_rate = 0.003. " in stale.note
    assert stale.note.endswith("type it: --width 24.")


def test_other_data(begun, here, write_data):
    """300 pictures get small batches and their rate; the same folder by another path is the same data."""
    few = write_data(here / "few", load_mini("train").images[:300])
    path = begun()
    options = combined(path, n_train=285, data=str(few))
    assert (options.batch_size, options.learning_rate) == (8, pytest.approx(0.0025))
    assert "another --data: " in outdated(path, read_config(path), {"data": str(few)}).note
    own = begun("few-run", data=str(few))
    for typed in ("few", "few/", "few-run/../few"):
        assert outdated(own, read_config(own), {"data": typed}).settings == {}


def test_a_file_that_is_no_runs(begun, here):
    """Without the facts of its images, what depends on them stays; what the file does not name is no reason."""
    path = here / "mine.toml"
    shutil.copy(begun(), path)
    assert list(outdated(path, read_config(path), {"data": "few", "network": "dense"}).settings) == [
        "width",
        "depth",
        "learning_rate",
    ]
    path.write_text("width = 16\nlearning_rate = 0.01\nkl_warmup = 3\n")
    typed = {"network": "dense", "epochs": 60, "batch_size": 32}
    assert outdated(path, read_config(path), typed).settings == {}


@pytest.mark.parametrize(
    "facts",
    [
        "{",
        "[]",
        "{}",
        '{"data": 3}',
        '{"data": {"image_shape": [28, 28], "count": 3}}',
        '{"data": {"count": 1e999}}',
    ],
)
def test_a_damaged_run(begun, facts):
    """Its file still serves: the images are not known."""
    path = begun()
    (path.parent / "provenance.json").write_text(facts)
    assert outdated(path, read_config(path), {"data": "few"}).settings == {}


def test_values_out_of_range_are_left_to_the_check_of_the_options(begun):
    """They are refused with the name of the file, later; here they are no defaults."""
    path = begun()
    path.write_text(
        'network = "nosuch"\nbatch_size = -4\nepochs = 0\nlearning_rate = 0.01\nkl_warmup = 3.0\n'
    )
    typed = {"batch_size": 32, "epochs": 60, "data": "few", "image_size": "none"}
    assert outdated(path, read_config(path), typed).settings == {}
    assert list(outdated(path, read_config(path), {"network": "conv"}).settings) == ["learning_rate"]
