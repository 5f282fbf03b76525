"""`vaecli.tasks.traverse`: rows, planes and animations of latent dimensions."""

import json
import shutil

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, ModelError, OptionError, OutputError
from vaecli.modelfile.facts import Facts
from vaecli.pictures.embedded import embedded_text
from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.latent_space import LatentSpace, parse_dims
from vaecli.tasks.recipe_text import parse
from vaecli.tasks.traverse import traverse


@pytest.fixture(scope="module")
def measured(measured_folder):
    """The committed model with facts."""
    return Model.open(measured_folder)


@pytest.fixture
def with_kl(model_folder, tmp_path, add_facts):
    """Opens the committed model with facts in which the dimensions have the given KL."""

    def with_kl(*kl):
        facts = Facts(kl=np.array(kl), z_mean=np.zeros(2), z_covariance=np.eye(2))
        return Model.open(add_facts(model_folder, tmp_path / "model", facts))

    return with_kl


def require_near(images, expected):
    """Assert that images are equal but for one level of 255, by which rounding may differ with the batch."""
    assert images.shape == expected.shape
    assert np.abs(images.astype(int) - expected.astype(int)).max() <= 1


def test_rows_are_decoded_quantiles(measured, here):
    """A row for each dimension, that with the most KL first; the other dimension stays at the mean."""
    result = traverse(measured, steps=5, out="a.png")
    order = np.argsort(-measured.facts.kl)
    assert [row["dimension"] for row in result.facts["dimensions"]] == order.tolist()
    for place, row in enumerate(result.facts["dimensions"]):
        z = np.tile(measured.facts.z_mean, (5, 1))
        z[:, row["dimension"]] = row["values"]
        require_near(result.images[5 * place : 5 * (place + 1)], to_uint8(measured.decode(z)))
    assert result.facts["measured"] and result.facts["picture"] is None


def test_quantiles_hold_the_latents_of_pictures(measured, here):
    """About 1 % of samples of other pictures' posteriors lie below the first and above the last value."""
    z_mean, z_log_var = measured.encode(load_mini("test").images)
    z = z_mean + np.exp(z_log_var / 2) * np.random.default_rng(0).standard_normal(z_mean.shape)
    for row in traverse(measured, steps=3, out="a.png").facts["dimensions"]:
        low, middle, high = row["values"]
        samples = z[:, row["dimension"]]
        assert (samples < low).mean() < 0.05 and (samples > high).mean() < 0.05
        assert 0.3 < (samples < middle).mean() < 0.7


def test_around_a_picture(measured, here):
    """The dimensions that do not move are those of the picture, which stands on top of the sheet."""
    plain, around = (
        traverse(measured, name, out=f"{number}.png") for number, name in enumerate((None, "test:3"))
    )
    z_mean, _ = measured.encode(load_mini("test").images[3:4])
    np.testing.assert_allclose(around.facts["centre"], z_mean[0], atol=1e-5)
    assert around.facts["picture"] == "test:3" and any("test:3" in note for note in around.notes)
    z = np.tile(z_mean[0], (11, 1))
    first = around.facts["dimensions"][0]
    z[:, first["dimension"]] = first["values"]
    require_near(around.images[:11], to_uint8(measured.decode(z)))
    heights = [np.asarray(PIL.Image.open(result.path)).shape[0] for result in (plain, around)]
    assert heights[1] > heights[0] + 28


def test_unused_dimensions_are_left_out_and_counted(with_kl, here):
    """Those below 0.01 nats; `all_dims` draws them."""
    model = with_kl(0.009, 0.5)
    result = traverse(model, out="a.png")
    assert [row["dimension"] for row in result.facts["dimensions"]] == [1]
    assert any("1 of 2 dimensions with less than 0.01 nats" in note for note in result.notes)
    result = traverse(model, all_dims=True, out="b.png")
    assert [row["dimension"] for row in result.facts["dimensions"]] == [1, 0] and not result.notes


def test_a_model_that_uses_no_dimension(with_kl, here):
    """There is nothing to draw, and the hint is the option that draws it."""
    with pytest.raises(ModelError, match=r"uses no latent dimension.*--all"):
        traverse(with_kl(0.001, 0.002), out="a.png")
    assert not (here / "a.png").exists()


def test_without_facts_the_prior_gives_the_values(model, here):
    """A note says so; dimensions keep their own order."""
    result = traverse(model, steps=3, out="a.png")
    assert [row["dimension"] for row in result.facts["dimensions"]] == [0, 1]
    np.testing.assert_allclose(result.facts["dimensions"][0]["values"], [-2.326, 0, 2.326], atol=0.001)
    assert not result.facts["measured"] and any("those of the prior" in note for note in result.notes)
    assert traverse(model, dims="2", steps=3, out="b.png").images.shape == (9, 28, 28, 1)


def test_without_a_covariance_the_latents_in_the_file_give_the_spread(model_folder, here, add_facts):
    """As in a model of more than 256 dimensions; fewer than 100 latents are too few, and the KL still orders."""
    examples = np.random.default_rng(0).normal(1.0, [0.1, 3.0], (200, 2)).astype(np.float32)
    for count in (200, 50):
        facts = Facts(kl=np.array([1.0, 2.0]), z_mean=np.ones(2), examples=examples[:count])
        result = traverse(Model.open(add_facts(model_folder, here / str(count), facts)), out=f"{count}.png")
        dimensions = result.facts["dimensions"]
        assert [row["dimension"] for row in dimensions] == [1, 0]
        assert result.facts["measured"] is (count == 200)
        width = dimensions[0]["values"][-1] - dimensions[0]["values"][0]
        assert width == pytest.approx(2 * 2.326 * (3 if count == 200 else 1), rel=0.1)


@pytest.mark.parametrize("precision", ["float32", "int8", "fp16"])
def test_other_shapes_and_precisions(small_folder, here, precision):
    """Pictures that are not square, from each decoder, in each form."""
    opened = Model.open(small_folder, precision=precision)
    for out, dims in (("a.png", None), ("a.gif", None), ("b.png", "2")):
        result = traverse(opened, out=out, dims=dims, steps=4, smooth=True)
        assert result.images.shape[1:] == (14, 13, 1)
        recipe = parse(embedded_text(here / out), out)
        assert recipe.precision == precision


@pytest.mark.parametrize("dims", ["2", "1,0", " 1 , 0 "])
def test_a_plane(measured, here, dims):
    """The first dimension grows to the right, the second upwards."""
    result = traverse(measured, dims=dims, steps=4, out="a.png")
    first, second = result.facts["dimensions"]
    order = np.argsort(-measured.facts.kl) if dims == "2" else [1, 0]
    assert [first["dimension"], second["dimension"]] == list(order)
    corner = np.zeros((1, 2))
    corner[0, first["dimension"]], corner[0, second["dimension"]] = first["values"][0], second["values"][-1]
    require_near(result.images[:1], to_uint8(measured.decode(corner)))


def test_a_plane_shows_latents_where_the_file_has_them(measured, model_folder, here, add_facts):
    """With them there is a second panel; without, one."""
    without = add_facts(model_folder, here / "plain", measured.facts.without_examples())
    widths = []
    for number, opened in enumerate((measured, Model.open(without))):
        path = traverse(opened, dims="2", out=f"{number}.png").path
        widths.append(np.asarray(PIL.Image.open(path)).shape[1])
    assert widths[0] > 1.8 * widths[1]


def test_an_animation(measured, here):
    """Each dimension rises, falls and comes back; its first frame is the centre."""
    result = traverse(measured, "test:0", steps=6, out="a.gif")
    assert result.images.shape == (2 * 2 * 6, 28, 28, 1)
    require_near(result.images[[0, 12]], np.repeat(result.images[:1], 2, axis=0))
    with PIL.Image.open("a.gif") as film:
        assert film.n_frames > 12 and film.height > film.width


@pytest.mark.parametrize(("out", "options"), [("a.png", {}), ("a.gif", {}), ("a.png", {"dims": "1,0"})])
def test_it_is_deterministic_and_tells_how_it_was_made(measured, here, out, options):
    """Two calls write the same bytes; the recipe in the file gives the command."""
    first = traverse(measured, "test:1", steps=4, out=out, **options).path.read_bytes()
    assert traverse(measured, "test:1", steps=4, out=out, force=True, **options).path.read_bytes() == first
    recipe = parse(embedded_text(here / out), out)
    assert recipe.kind == "traverse" and recipe.sources == ("test:1",)
    assert f"traverse -m M test:1 --steps 4{' --dims 1,0' if options else ''} -o traversal" in recipe.command(
        "M"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dims": "3"}, "--dims must be 2, or two numbers"),
        ({"dims": "1"}, "--dims must be 2, or two numbers"),
        ({"dims": "0,1,2"}, "--dims must be 2, or two numbers"),
        ({"dims": "-1,0"}, "--dims must be 2, or two numbers"),
        ({"dims": "a,b"}, "--dims must be 2, or two numbers"),
        ({"dims": "0,2"}, "--dims must be numbers from 0 to 1"),
        ({"dims": "1,1"}, "--dims must be two different dimensions"),
        ({"steps": 1}, "--steps must be at least 2"),
        ({"steps": 10**6}, "--steps must be at most"),
        ({"steps": 10**6, "dims": "2"}, "--steps must be at most 100"),
        ({"scale": 0}, "--scale must be at least 1"),
        ({"scale": 512, "steps": 100}, "--scale must be at most"),
        ({"scale": 512, "out": "a.gif"}, "--scale must be at most"),
        ({"scale": 64, "steps": 100, "out": "a.gif"}, "--steps must be at most 6"),
        ({"scale": 512, "dims": "2"}, "--scale must be at most"),
        ({"dims": "2", "out": "a.gif"}, r"--out must end in \.png for a plane"),
        ({"out": "a.npy"}, r"--out must end in \.png or \.gif"),
        ({"out": "folder/"}, r"--out must end in \.png or \.gif"),
        ({"out": "a.jpg"}, "--out must end in"),
        ({"data": "fashion-mnist-mini"}, "--data must be left out"),
        ({"picture": "test:0:3"}, "PICTURE must be one picture, got 3"),
    ],
    ids=str,
)
def test_wrong_options(measured, here, options, message):
    """Each is refused, and nothing is written."""
    with pytest.raises(OptionError, match=message):
        traverse(measured, **{"out": "a.png"} | options)
    assert list(here.iterdir()) == []


def test_one_dimension_has_no_plane():
    """A model of one dimension is told so."""
    with pytest.raises(OptionError, match="--dims needs a model of at least 2"):
        parse_dims("2", LatentSpace(np.zeros(1), np.ones(1), None, is_measured=False))


def test_pictures_that_cannot_be_read(measured, here):
    """An error of data, and nothing is written."""
    (here / "text.png").write_text("no picture")
    for name in ("text.png", "missing.png", "test:1000000", "test:x"):
        with pytest.raises(DataError):
            traverse(measured, name, out="a.png")
    assert [path.name for path in here.iterdir()] == ["text.png"]


def test_a_decoder_alone(measured_folder, here):
    """It draws without a picture; with one, the encoder is missed."""
    shutil.copy(measured_folder / "decoder.onnx", here / "decoder.onnx")
    model = Model.open(here / "decoder.onnx")
    assert traverse(model, out="a.png").path.exists()
    with pytest.raises(ModelError, match="needs an encoder"):
        traverse(model, "test:0", data="fashion-mnist-mini", out="b.png")
    assert not (here / "b.png").exists()


def test_a_taken_name(measured, here):
    """It is kept; without a name, the next free one is taken."""
    (here / "traversal.png").write_text("mine")
    with pytest.raises(OutputError):
        traverse(measured, out="traversal.png")
    assert (here / "traversal.png").read_text() == "mine"
    assert traverse(measured).path.name == "traversal-2.png"


def test_a_target_that_is_the_picture(measured, here):
    """It is refused though it may be replaced."""
    PIL.Image.fromarray(load_mini("test").images[3, ..., 0]).save(here / "a.png")
    before = (here / "a.png").read_bytes()
    with pytest.raises(OptionError, match="--out must not be one of the pictures"):
        traverse(measured, "a.png", out="./a.png", force=True)
    assert (here / "a.png").read_bytes() == before


def test_the_facts_are_json(measured, here):
    """Plain numbers and texts, with the values of the quantiles."""
    facts = traverse(measured, "test:0", out="a.png").facts
    assert json.loads(json.dumps(facts)) == facts
