"""`vaecli eval --quality`, `--samples` and `--features`: figures, JSON, the sheet, refusals."""

import json
import pathlib
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from vaecli.cli import console
from vaecli.cli.quality import show_quality
from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.metrics.samples.compare import compare
from vaecli.metrics.saved.file import read
from vaecli.modelfile.read import read_file
from vaecli.modelfile.write import with_digest
from vaecli.npz import write_npy
from vaecli.pixels import to_uint8
from vaecli.runtime.classifier import Classifier, bundled_file
from vaecli.runtime.model import Model
from vaecli.tasks.quality.of_model import prepare_quality
from vaecli.tasks.quality.options import QualityOptions

MINI_2D = pathlib.Path(__file__).parents[1] / "models" / "mini-2d"
METRICS = ["frechet", "kernel", "precision", "recall", "density", "coverage"]
SMALL = ["--seeds", 1, "-n", 200, "--metrics", "mse"]
MINI = ["--data", "fashion-mnist-mini"]
ARRAYS = ["--features", "a.npy", "--reference-features", "b.npy"]
OF_A_MODEL = [  # options that say nothing of pictures of another origin; also with the value of their default
    ["--prior", "normal"],
    ["--split", "train"],
    ["--probe"],
    ["--importance-samples", "9"],
    ["--metrics", "all"],
    ["--precision", "float32"],
    ["--seeds", "5"],
    ["--seed", "0"],
    ["--no-labels"],
]


@pytest.fixture
def document(call, check_schema):
    """The JSON object that `vaecli eval ... --json` prints, checked against its schema."""

    def document(*arguments):
        code, stdout, stderr = call("eval", *arguments, "--json", "--quiet")
        assert (code, stderr) == (0, "")
        result = json.loads(stdout)
        check_schema(result["schema"].removeprefix("vaecli.").removesuffix("/1"), result)
        return result

    return document


@pytest.fixture
def reports():
    """A function (name, done, total) that keeps what it is called with: `reports.rows`, name -> (done, total)."""

    def reports(name, done, total):
        reports.rows.setdefault(name, []).append((done, total))

    reports.rows = {}
    return reports


def test_all_work_is_reported_from_its_beginning_to_its_end(reports, model_folder):
    """Each kind of work begins at 0, never goes back, and comes to its total; each has its duration."""
    quality = prepare_quality(
        Model.open(model_folder), options=QualityOptions(count=100, seeds=1), pictures=reports
    ).measure()
    names = {"Samples of seed 0", "Reconstructions", "Features of training images", "Nearest training images"}
    assert names | {"Features of real images", "Comparing features"} <= reports.rows.keys()
    for name, rows in reports.rows.items():
        counts = [done for done, _ in rows]
        assert counts == sorted(counts) and counts[-1] == rows[-1][1], name
    assert set(quality.seconds) == {"features", "samples", "reconstructions", "copies"}


def value(result, row, metric):
    return result["rows"][row]["metrics"][metric]["value"]


def test_samples_beside_reconstructions_and_the_floor(document, model_folder):
    """Real images are nearer to the reference than reconstructions; samples have a spread over seeds."""
    result = document("-m", model_folder, "--quality", "--seeds", 2, "-n", 300, "--metrics", "mse")["quality"]
    assert list(result["rows"]) == ["samples", "reconstructions", "training"]
    for metric in METRICS:
        real, model = value(result, "training", metric), value(result, "reconstructions", metric)
        if metric not in ("precision", "density"):  # reconstructions are in the middle of real images
            assert (real < model) == (metric in ("frechet", "kernel")), metric
        assert result["rows"]["samples"]["metrics"][metric]["spread"] is not None
    assert result["rows"]["samples"]["n_images"] == result["reference"]["n_images"] == 300
    assert result["features"]["kind"] == "classifier" and len(result["features"]["sha256"]) == 64
    assert sum(row["samples"] for row in result["classes"]) == pytest.approx(1)
    assert {"frechet", "kernel", "neighbours", "features", "samples", "copies"} <= set(result["seconds"])


def test_samples_of_each_class(document, mixed_folder):
    """A model with mixtures of classes reports how many samples of each are taken for it."""
    result = document("-m", mixed_folder, "--quality", *SMALL)["quality"]
    shares = {row["name"]: row["agreement"] for row in result["classes"]}
    assert [name for name, share in shares.items() if share is None] == ["Coat"]
    assert shares["Trouser"] > 0.5
    assert result["agreement"] == pytest.approx(
        np.mean([share for share in shares.values() if share is not None])
    )
    errors = [row["agreement_error"] for row in result["classes"] if row["agreement_error"] is not None]
    assert result["agreement_error"] == pytest.approx(np.sqrt(np.square(errors).sum()) / 9)
    assert result["rows"]["labelled"]["n_images"] == 200


def test_classes_of_real_images(document, call, model_folder, mixed_folder):
    """Beside samples stands how many real images of each class the classifier finds, and how sure it is of them."""
    result = document("-m", model_folder, "--quality", *SMALL)["quality"]
    rows = {row["name"]: row["agreement_reference"] for row in result["classes"]}
    assert len(rows) == 10 and rows["Trouser"] > 0.9
    assert result["agreement"] is None and 0.85 < result["agreement_reference"] < 0.97
    assert 0 < result["agreement_reference_error"] < 0.03
    confidence = result["confidence"]
    assert 0.5 < confidence["samples"] < confidence["reference"] < 1
    assert 0 < confidence["reference_error"] < 0.03 and 0 < confidence["samples_error"] < 0.03
    assert all(0 < row["reference_error"] < 0.03 for row in result["classes"])
    code, stdout, _ = call("eval", "-m", mixed_folder, "--quality", *SMALL, "--report", "r.html")
    assert code == 0 and "real, found" in stdout and "± s.e. of it" in stdout
    confidence = next(line for line in stdout.splitlines() if line.startswith("confidence "))
    assert confidence.count("±") == 2 and max(len(line.rstrip()) for line in stdout.splitlines()) <= 80
    text = pathlib.Path("r.md").read_text(encoding="utf-8")
    assert "real images found" in text and "The likeliest class of a sample" in text
    row = next(line for line in text.splitlines() if line.startswith("| Trouser |") and line.count("±") > 1)
    assert row.count("±") == 4
    assert text[text.index("The likeliest class of a sample") :].splitlines()[0].count("±") == 2


def test_data_without_labels_have_no_classes_found(document, here):
    """Of which class a real image is must be known."""
    np.save("x.npy", load_mini("test").images[:90])
    np.savez("real.npz", images=load_mini("test").images[90:400])
    result = document("--samples", "x.npy", "--data", "real.npz", "--features", bundled_classifier(here))
    assert result["agreement_reference"] is None and len(result["classes"]) == 10


def test_the_prior_decides(document, mixed_folder):
    """`--prior normal` measures other samples than the mixture that the file ships."""
    own = document("-m", mixed_folder, "--quality", *SMALL)["quality"]
    normal = document("-m", mixed_folder, "--quality", *SMALL, "--prior", "normal")["quality"]
    assert (own["prior"], normal["prior"]) == ("mixture", "normal")
    assert value(own, "samples", "frechet") != value(normal, "samples", "frechet")
    assert value(own, "reconstructions", "frechet") == value(normal, "reconstructions", "frechet")
    assert "labelled" in own["rows"] and "labelled" not in normal["rows"]  # N(0, I) has no classes
    assert all(row["agreement"] is None for row in normal["classes"]) and normal["agreement"] is None


def test_reconstructions_are_paired_with_the_reference(model_folder):
    """Their standard errors are those of pairs: image i is made from reference image i."""
    model, images = Model.open(model_folder), load_mini("test").images
    quality = prepare_quality(model, options=QualityOptions(seeds=1)).measure()
    classifier = Classifier(bundled_file())
    reference, made = (
        classifier.classify(pixels)[0] for pixels in (images, to_uint8(model.reconstruct(images)))
    )
    (row,) = quality.rows["reconstructions"]
    assert row.errors == pytest.approx(compare(reference, made, paired=True).errors, rel=1e-3)
    assert row.errors["frechet"] < 0.9 * compare(reference, made).errors["frechet"]


@pytest.mark.train
def test_a_conditional_model_draws_classes_under_both_priors(call, document):
    sizes = ["--network", "dense", "--width", "8", "--latent-dim", "2", "--epochs", "1"]
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--conditional", *sizes, "-o", "run")
    assert code == 0, stderr
    of_priors = {
        prior: document("-m", "run", "--quality", *SMALL, "--prior", prior)["quality"]
        for prior in ("mixture", "normal")
    }
    assert all(None not in [row["agreement"] for row in each["classes"]] for each in of_priors.values())
    distances = [value(each, "labelled", "frechet") for each in of_priors.values()]
    assert distances[0] != distances[1]


def test_a_model_of_binary_pixels(call, document, model_folder, binary_folder):
    """It reconstructs binary images, as it was trained on; its samples are means, which the output says."""
    grey = document("-m", model_folder, "--quality", *SMALL)["quality"]
    binary = document("-m", binary_folder, "--quality", *SMALL)["quality"]
    assert (grey["of_means"], binary["of_means"]) == (False, True)
    assert value(grey, "samples", "frechet") == value(binary, "samples", "frechet")
    assert value(grey, "reconstructions", "frechet") != value(binary, "reconstructions", "frechet")
    code, stdout, _ = call("eval", "-m", binary_folder, "--quality", *SMALL)
    assert code == 0 and "means of binary pixels" in " ".join(stdout.split())


def test_the_table(call, model_folder):
    """A line for each metric, then copies, classes, features and durations; at most 80 columns."""
    code, stdout, stderr = call("eval", "-m", model_folder, "--quality", *SMALL)
    assert code == 0
    for name in (*METRICS, "copies", "closest", "Ankle boot", "features", "seconds", "reference"):
        assert f"\n{name} " in stdout, name
    assert "real: training images, the floor" in stderr
    assert "--json has the standard errors of the other columns" in stderr
    assert "Only 200 images are compared: distances are larger than with 10,000." in stderr
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80


def test_the_table_says_whose_errors_it_has(capsys, measured_quality):
    """Samples are means of five seeds beside the error of one seed, which the title says where stdout goes."""
    show_quality(measured_quality, quiet=False)
    assert "means of 5 seeds, ± s.e. of one seed" in capsys.readouterr().out


def test_without_the_option_nothing_of_it_runs(process, model_folder):
    """`vaecli eval` alone neither loads the classifier nor the metrics of samples."""
    code = (
        "import sys; from vaecli.cli.main import main\n"
        f"sys.argv = ['vaecli', 'eval', '-m', {str(model_folder)!r}, '--metrics', 'mse', '--quiet']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if 'classifier' in name or 'metrics.samples' in name])"
    )
    result = process(code=code)
    assert result.stdout.decode().splitlines()[-1] == "[]", result.stderr


def test_pictures_of_a_model_have_the_same_figures(call, document, model_folder):
    """`sample -o x.npy` and `eval --samples x.npy` give what `eval --quality` gives for that seed."""
    assert call("sample", "-m", model_folder, "-n", 1000, "-o", "x.npy", "--quiet")[0] == 0
    own = document("-m", model_folder, "--quality", "--seeds", 1, "--metrics", "mse")["quality"]
    result = document("--samples", "x.npy", *MINI)
    assert result["rows"]["samples"]["metrics"] == own["rows"]["samples"]["metrics"]
    assert value(result, "training", "frechet") == pytest.approx(value(own, "training", "frechet"), abs=1)


def test_copies_are_found(call, document, here):
    """Training images as samples: the ratio is 0, and the sheet shows each beside itself."""
    np.save("copies.npy", load_mini("train").images[:100])
    result = document("--samples", "copies.npy", *MINI, "-o", "pairs.png")
    assert result["copies"]["ratio"]["value"] == 0
    assert len(result["copies"]["pairs"]) == 16
    assert all(pair["sample"] == pair["training"] for pair in result["copies"]["pairs"])
    part = document("--samples", "copies.npy", *MINI, "-n", 70)  # a sample keeps its number among all
    assert all(pair["sample"] == pair["training"] for pair in part["copies"]["pairs"])
    assert max(pair["sample"] for pair in part["copies"]["pairs"]) > 16
    page = np.asarray(Image.open("pairs.png"))
    assert page.shape[0] > 300 and page.shape[1] > 800
    code, _, stderr = call("eval", "--samples", "copies.npy", *MINI, "-o", "pairs.png")
    assert code == 1 and "pairs.png" in stderr


def test_a_folder_of_pictures(document, call, here):
    """Real test images as PNGs are as good as can be, compared with as many. What cannot be read is named."""
    (here / "mine").mkdir()
    for number, image in enumerate(load_mini("test").images[:80]):
        Image.fromarray(image[..., 0]).save(here / "mine" / f"{number:03}.png")
    result = document("--samples", "mine", *MINI)
    assert result["rows"]["samples"]["n_images"] == 80
    assert value(result, "samples", "precision") == 1
    assert 0.5 < result["copies"]["ratio"]["value"] < 2
    assert result["rows"]["training"]["n_images"] == result["reference"]["n_images"] == 80
    (here / "mine" / "broken.png").write_bytes(b"no picture")
    _, _, stderr = call("eval", "--samples", "mine", *MINI)
    assert "1 picture cannot be read and is left out: broken.png: " in " ".join(stderr.split())


@pytest.mark.parametrize("name", ["nosuch", "mnist", "fashion-mnist-mini", "no/such.npy"])
def test_samples_that_are_not_there(call, here, name):
    """A path is never the name of a data set."""
    code, stdout, stderr = call("eval", "--samples", name, *MINI)
    assert (code, stdout) == (1, "")
    says = "--samples must be a folder, an archive or an array of pictures, got "
    assert f"{says}{name}, where there is nothing." in stderr


def test_samples_that_are_no_pictures(call, few, here):
    """The error names `--samples`; for a single picture it names its folder."""
    (here / "notes.txt").write_text("hello\n")
    (here / "mine").mkdir()
    Image.fromarray(load_mini("test").images[0, ..., 0]).save(here / "mine" / "0.png")
    for name, says in (("notes.txt", "a file of an unknown kind"), ("mine/0.png", "--samples mine")):
        code, stdout, stderr = call("eval", "--samples", name, *few)
        assert (code, stdout) == (1, "") and says in stderr
        assert "--samples must be a folder or archive of pictures" in stderr


@pytest.fixture
def few(here):
    """Words that compare with 310 real images, without training images."""
    np.savez("real.npz", images=load_mini("test").images[90:400])
    return ["--data", "real.npz", "--features", "fashion-mnist"]


def test_samples_with_the_name_of_a_data_set(document, few, here):
    """A folder of that name is read."""
    (here / "mnist").mkdir()
    for number, image in enumerate(load_mini("test").images[:80]):
        Image.fromarray(image[..., 0]).save(here / "mnist" / f"{number:03}.png")
    assert value(document("--samples", "mnist", *few), "samples", "coverage") > 0.3


def test_samples_that_are_resized(call, few, here):
    """A note says that a size was changed; grey images in RGB keep theirs, and have the figures of grey ones."""
    images, distances = load_mini("test").images[:80], {}
    np.save("grey.npy", images)
    np.save("rgb.npy", np.repeat(images, 3, axis=3))
    np.save("large.npy", images.repeat(2, axis=1).repeat(2, axis=2))
    for name in ("grey", "rgb", "large"):
        code, stdout, stderr = call("eval", "--samples", f"{name}.npy", *few, "--json")
        assert code == 0 and ("were resized to 28 x 28" in stderr) == (name == "large"), name
        distances[name] = value(json.loads(stdout), "samples", "frechet")
    assert distances["grey"] == distances["rgb"] != distances["large"]


def test_constant_pictures(document, call, here):
    """Pictures that are all equal are measured: they cover next to nothing. A note says so."""
    np.save("same.npy", np.repeat(load_mini("test").images[:1], 100, axis=0))
    result = document("--samples", "same.npy", *MINI)
    assert value(result, "samples", "coverage") < 0.1
    assert value(result, "samples", "recall") < 0.05
    assert "All samples are the same picture" in call("eval", "--samples", "same.npy", *MINI)[2]
    assert np.isfinite(value(result, "samples", "frechet"))


def test_the_encoder_of_a_run_as_features(document, model_folder):
    """Without labels the latents of another run serve, and are named as such; there are no classes then."""
    result = document("-m", model_folder, "--quality", *SMALL, "--features", model_folder)["quality"]
    assert (result["features"]["kind"], result["features"]["count"]) == ("encoder", 2)
    assert result["classes"] == [] and result["agreement"] is None


def test_own_features(document, call, here):
    """Features from elsewhere, for both sets. Notes name sets of other sizes, small sets, and equal features."""
    rng = np.random.default_rng(1)
    np.save("a.npy", rng.normal(size=(300, 5)).astype(np.float16))
    np.save("b.npy", rng.normal(size=(200, 5)))
    result = document("--features", "a.npy", "--reference-features", "b.npy")
    assert (result["features"]["kind"], result["reference"]["n_images"]) == ("file", 200)
    assert value(result, "samples", "frechet") < 0.5
    np.save("same.npy", np.ones((200, 5)))
    notes = {
        name: " ".join(call("eval", "--features", f"{name}.npy", "--reference-features", "b.npy")[2].split())
        for name in ("a", "b", "same")
    }
    assert "300 samples are compared with 200 real images" in notes["a"]
    assert "Only 200 images are compared" in notes["b"] and "same picture" not in notes["b"]
    assert "All samples are the same picture" in notes["same"]


def test_large_numbers_have_an_exponent(call, here):
    """So that the table of features of any size fits; errors have two digits."""
    rng = np.random.default_rng(1)
    np.save("a.npy", 1e10 * rng.normal(size=(300, 5)))
    np.save("b.npy", 1e10 * rng.normal(size=(200, 5)) + 1e10)
    code, stdout, stderr = call("eval", "--features", "a.npy", "--reference-features", "b.npy", "--quiet")
    assert (code, stderr) == (0, "")
    rows = {line.split()[0]: line.split() for line in stdout.splitlines() if line.strip()}
    assert re.fullmatch(r"\d\.\d{4}e\+20", rows["frechet"][1])
    assert re.fullmatch(r"\d\.\de\+\d\d", rows["frechet"][2])
    assert re.fullmatch(r"0\.\d{4}", rows["precision"][1])
    assert re.fullmatch(r"0\.0[1-9]\d|0\.00[1-9]\d", rows["precision"][2])
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80


@pytest.fixture
def arrays(here):
    """Features of 300 samples and 200 real images in files, and others that do not fit."""
    rng = np.random.default_rng(1)
    good = rng.normal(size=(200, 5))
    nan, files = good.copy(), {}
    nan[7, 2] = np.nan
    files = {"good": good, "nan": nan, "short": good[:5], "one": good[:1], "wide": rng.normal(size=(200, 6))}
    files |= {"equal": np.ones((200, 5)), "text": np.array(["a", "b"]), "flat": good[:, 0]}
    for name, array in files.items():
        np.save(f"{name}.npy", array)
    (here / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr'")
    (here / "empty.npy").write_bytes(b"")
    np.save("huge.npy", np.where(np.arange(200)[:, None] == 9, -2e200, good))
    np.save("wide_floats.npy", good.astype(np.longdouble) * np.longdouble("1e400"))
    np.savez("archive.npz", good)
    archive, whole = (here / "archive.npz").read_bytes(), (here / "good.npy").read_bytes()
    (here / "archive.npy").write_bytes(archive)
    (here / "cut_archive.npy").write_bytes(archive[:300])
    (here / "cut.npy").write_bytes(whole[: len(whole) // 2])
    (here / "longer.npy").write_bytes(whole + b"more")
    with (here / "claims.npy").open("wb") as file:
        write_npy(file, [np.zeros(9)], shape=(10**12, 100), dtype=np.float64)
    np.save("objects.npy", np.array([{}], object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nan", "must be finite, got NaN or infinity for 1 images"),
        ("short", "more images than features, which are 5; got 5 images"),
        ("one", "at least 2 images of the samples, got 1"),
        ("wide", "must have 5 features an image"),
        ("text", "must be numbers of the shape (N, F)"),
        ("flat", "must be numbers of the shape (N, F)"),
        ("broken", "must be a NumPy array, got a damaged header"),
        ("empty", "must be a NumPy array, got a damaged header"),
        ("objects", "must hold numbers, got Python objects, which are never loaded."),
        ("huge", "The features of the samples must be at most 1e15 in size, got 2e200."),
        ("wide_floats", "The features of the samples must be at most 1e15 in size, got"),
        ("archive", "must be a .npy file of numbers: it is an archive of arrays"),
        ("cut_archive", "must be a .npy file of numbers: it is an archive of arrays"),
        ("cut", "cut.npy must have 8,000 bytes of data by its header, got 3,936."),
        ("longer", "longer.npy must have 8,000 bytes of data by its header, got 8,004."),
        (
            "claims",
            "claims.npy must have 800,000,000,000,000 bytes of data by its header, got 72.",
        ),
        ("missing", "Cannot read missing.npy"),
    ],
)
def test_features_that_do_not_fit(call, arrays, name, message):
    """One red line with the reason; no traceback."""
    code, stdout, stderr = call("eval", "--features", f"{name}.npy", "--reference-features", "good.npy")
    assert (code, stdout) == (1, "")
    assert message in stderr and stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nan", "The features of the reference must be finite, got NaN or infinity for 1 images"),
        ("huge", "The features of the reference must be at most 1e15 in size, got 2e200."),
        ("cut", "cut.npy must have"),
        ("cut_archive", "must be a .npy file of numbers"),
        ("short", "more images than features, which are 5; got 5 images of the reference"),
    ],
)
def test_reference_features_that_do_not_fit(call, arrays, name, message):
    """The same of the file of the real images, which the message names."""
    code, stdout, stderr = call("eval", "--features", "good.npy", "--reference-features", f"{name}.npy")
    assert (code, stdout) == (1, "")
    assert message in stderr and stderr.count("\n") == 1


def test_a_reference_without_spread(call, arrays):
    """Real images that are all equal tell nothing."""
    code, _, stderr = call("eval", "--features", "good.npy", "--reference-features", "equal.npy")
    assert code == 1 and "must differ" in stderr


def test_features_of_another_length(call, arrays):
    """Each picture needs its row."""
    np.save("x.npy", load_mini("test").images[:50])
    code, _, stderr = call(
        "eval", "--samples", "x.npy", *MINI, "--features", "good.npy", "--reference-features", "good.npy"
    )
    assert code == 1 and "good.npy must have a row for each of 50 pictures, got 200" in stderr
    np.save("fit.npy", np.load("good.npy")[:50])
    code, _, stderr = call(
        "eval", "--samples", "x.npy", *MINI, "--features", "fit.npy", "--reference-features", "good.npy"
    )
    assert code == 1 and "good.npy must have a row for each of" in stderr and "pictures, got 200" in stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-n", "50"], "-n needs --quality or --samples"),
        (["--features", "x.onnx"], "--features needs --quality or --samples"),
        (["-o", "x.png"], "--out needs --quality or --samples"),
        (["--quality", "-n", "1"], "1 is not in the range"),
        (["--quality", "--seeds", "0"], "0 is not in the range"),
        (["--quality", "-o", "x.jpg"], "--out must end in .png"),
        (["--samples", "x.npy", "--quality", *MINI], "--quality must be left out with --samples"),
        (["--samples", "x.npy", "-m", "somewhere", *MINI], "--model must be left out with --samples"),
        (["--samples", "x.npy", "--save", "a.npz", *MINI], "--save must be left out with --samples"),
        (["--samples", "x.npy", "--report", "a.html", *MINI], "--report must be left out with --samples"),
        *(
            (["--samples", "x.npy", *MINI, *words], f"{words[0]} must be left out with --samples")
            for words in OF_A_MODEL
        ),
        *(
            ([*ARRAYS, *words], f"{words[0]} must be left out with --features with a .npy file")
            for words in [*OF_A_MODEL, MINI, ["-n", "100"]]
        ),
        (["--samples", "x.npy", *MINI, *ARRAYS, "-n", "100"], "-n must be left out with --features"),
        ([*ARRAYS, "-o", "x.png"], "--out must be left out with features in a file"),
        (["--seeds", "2"], "--seeds needs --quality"),
        (["--samples", "x.npy"], "--data must name the real images"),
        (["--features", "x.npy"], "--features and --reference-features must both be .npy files"),
        (["--quality", "--reference-features", "x.npy"], "--features and --reference-features must both"),
    ],
)
def test_usage_errors(call, model_folder, here, words, message):
    """Options that do not go together are refused before anything is measured."""
    np.save("x.npy", np.zeros((9, 28, 28, 1), np.uint8))
    model = [] if {"--samples", "--features"} & set(words) else ["-m", model_folder]
    code, stdout, stderr = call("eval", *model, *words, "--quiet")
    assert (code, stdout) == (2, "")
    assert " ".join(message.split()) in " ".join(stderr.replace("│", " ").split())


def test_too_few_images_are_refused_before_features_are_computed(call, here, model_folder, monkeypatch):
    """Not after those of all training images, and with a model not after samples."""
    monkeypatch.setattr(Classifier, "classify", None)
    np.save("x.npy", load_mini("test").images)
    for words in (["-m", model_folder, "--quality"], ["--samples", "x.npy", *MINI]):
        code, stdout, stderr = call("eval", *words, "-n", 50)
        assert (code, stdout) == (1, "") and "which are 64; got 50 images of the reference" in stderr


@pytest.fixture
def unlabelled(here):
    """Makes images without labels, a file that is taken, a decoder alone and a classifier."""
    np.save("unl.npy", load_mini("train").images[:400])
    np.savez("one.npz", x_train=load_mini("train").images[:100], x_test=load_mini("test").images[:1])
    images, zeros = load_mini("train").images[:100], np.zeros(100, np.int64)
    np.savez("half.npz", x_train=images, x_test=images, y_test=zeros)
    (here / "taken.png").touch()
    (here / "decoder.onnx").write_bytes((MINI_2D / "decoder.onnx").read_bytes())
    bundled_classifier(here)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--quality", "--features", "none.onnx"], 1, "got none.onnx, where there is nothing"),
        (["--quality", "--features", "decoder.onnx"], 1, "encoder.onnx"),
        (["--quality", "--data", "unl.npy"], 1, "are for Fashion-MNIST, not for unl"),
        (["--quality", "--data", "one.npz", "--features", "features.onnx"], 1, "at least 2 images, got 1"),
        (["--quality", "-n", "64"], 1, "which are 64; got 64 images of the reference"),
        (["--quality", "-o", "taken.png"], 1, "taken.png exists already"),
        (["--quality", "-o", "nowhere/x.png"], 1, "the folder nowhere does not exist"),
        (
            ["--quality", "-o", "x.png", "--split", "train"],
            2,
            "--split must be test or validation with --out",
        ),
        (["--probe", "--data", "unl.npy"], 1, "the train images of unl have no labels"),
        (["--probe", "--data", "half.npz"], 1, "the train images of half have no labels"),
        (
            ["--probe", "--quality", "--data", "unl.npy", "--features", "features.onnx"],
            1,
            "--probe needs labelled",
        ),
        (["--probe", "--split", "train"], 2, "--split must be test or validation with --probe, got train."),
        (["--quality", "--metrics", "elbow"], 2, "elbo"),
    ],
)
def test_what_is_missing_is_known_before_the_evaluation(call, unlabelled, monkeypatch, words, code, message):
    """No image is encoded for a measurement that is refused afterwards."""
    monkeypatch.setattr(Model, "encode", None)
    result = call("eval", "-m", MINI_2D, *words, "--quiet")
    assert result[:2] == (code, "") and message in " ".join(result[2].replace("│", " ").split())


def test_notes_are_printed_once(call, unlabelled):
    """Also if the evaluation and the quality read the same data; features of the model itself have a note."""
    words = ["--quality", "--data", "unl.npy", "--features", MINI_2D, "--seeds", 1, "--metrics", "mse"]
    code, _, stderr = call("eval", "-m", MINI_2D, *words)
    assert code == 0
    for message in (
        "is not what the model was trained on",
        "has no test part",
        "latents of the measured model",
    ):
        assert stderr.count(message) == 1, message


def test_the_classifier_that_comes_along_has_a_name(document, here):
    """`--features fashion-mnist` is for garments that are not known by name, and is the default for others."""
    np.save("x.npy", load_mini("test").images[:90])
    np.savez("real.npz", images=load_mini("test").images[90:400])
    result = document("--samples", "x.npy", "--data", "real.npz", "--features", "fashion-mnist")
    assert result["features"]["kind"] == "classifier"
    assert result["features"]["sha256"] == Classifier(bundled_file()).sha256


def test_one_real_image(call, here):
    """There is no spread to compare with."""
    np.save("x.npy", load_mini("test").images[:90])
    np.save("one.npy", load_mini("test").images[:1])
    words = ["--samples", "x.npy", "--data", "one.npy", "--features", bundled_classifier(here)]
    code, stdout, stderr = call("eval", *words)
    assert (code, stdout) == (1, "") and "must have at least 2 images, got 1" in stderr


def test_real_images_that_are_all_equal(call, here):
    """They have no spread either, also by a classifier."""
    np.save("x.npy", load_mini("test").images[:90])
    np.save("same.npy", np.repeat(load_mini("test").images[:1], 90, axis=0))
    words = ["--samples", "x.npy", "--data", "same.npy", "--features", bundled_classifier(here)]
    code, stdout, stderr = call("eval", *words)
    assert (code, stdout) == (
        1,
        "",
    ) and "images of the reference must differ, got 90 equal ones of same" in stderr


def test_a_floor_of_fewer_images_is_named(call, here):
    """Distances of fewer training images than samples are larger; the note says so."""
    for part, images in (("train", load_mini("train").images[:80]), ("test", load_mini("test").images[:90])):
        (here / "data" / part).mkdir(parents=True)
        for number, image in enumerate(images):
            Image.fromarray(image[..., 0]).save(here / "data" / part / f"{number}.png")
    words = ["--samples", "data/test", "--data", "data", "--features", bundled_classifier(here)]
    code, _, stderr = call("eval", *words)
    assert code == 0 and "of 80 training images, fewer than the 90 samples" in " ".join(stderr.split())


@pytest.mark.parametrize(
    ("columns", "words"), [("80", "lower"), ("120", "Fréchet distance of features, lower is")]
)
def test_the_meaning_of_metrics_has_room(call, here, monkeypatch, columns, words):
    """In a narrow terminal a metric has one line, and its direction alone."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(
        "vaecli.cli.console.stdout", console.stdout.__wrapped__
    )  # a new console for that width
    np.save("x.npy", load_mini("train").images[:90])
    code, stdout, _ = call("eval", "--samples", "x.npy", *MINI, "-n", 90, "--quiet")
    (line,) = [line for line in stdout.splitlines() if line.startswith("frechet ")]
    assert code == 0 and words in line and max(map(len, stdout.splitlines())) <= int(columns)


def test_a_model_of_constant_pictures(document, here, model_folder):
    """A decoder that ignores its latents is measured: its samples cover next to nothing."""
    shutil.copytree(model_folder, here / "model")
    path = here / "model" / "decoder.onnx"
    file = read_file(path)
    content = bytearray(file.content)
    first, last = file.graph.tensors["decoder_1/dense_1_1/Cast/ReadVariableOp:0"].span
    content[first:last] = bytes(last - first)
    path.write_bytes(with_digest(bytes(content)))
    result = document("-m", here / "model", "--quality", *SMALL)["quality"]
    assert value(result, "samples", "coverage") < 0.05 and value(result, "samples", "recall") < 0.05
    figures = [each[key] for each in result["rows"]["samples"]["metrics"].values() for key in ("value", "se")]
    assert np.isfinite(figures).all()


def bundled_classifier(folder):
    """Write the classifier that comes with vaecli to a file, to be used for data of other names."""
    path = folder / "features.onnx"
    path.write_bytes(bundled_file().content)
    return path


def test_fewer_images_than_features(call, here):
    """64 features need more than 64 pictures."""
    np.save("few.npy", load_mini("test").images[:64])
    code, _, stderr = call("eval", "--samples", "few.npy", *MINI, "--quiet")
    assert code == 1 and "more images than features, which are 64; got 64 images of the samples" in stderr


def test_other_data_needs_features(call, here, model_folder):
    """The classifier of Fashion-MNIST does not judge other pictures; the error names the command that makes one."""
    (here / "mine").mkdir()
    images = load_mini("test").images[:90, :, :, 0]
    (here / "mine" / "t10k-images-idx3-ubyte").write_bytes(encode_idx(images))
    code, _, stderr = call("eval", "-m", model_folder, "--quality", "--data", "mine", "--quiet")
    assert code == 1 and "are for Fashion-MNIST, not for mine" in stderr
    assert "vaecli features train --data" in stderr
    code, _, stderr = call(
        "eval", "-m", model_folder, "--quality", "--data", "mine", "--features", "none.onnx", "--quiet"
    )
    assert code == 1 and "got none.onnx, where there is nothing" in stderr
    (here / "bad.onnx").write_bytes(b"no model")
    code, _, stderr = call(
        "eval", "-m", model_folder, "--quality", "--data", "mine", "--features", "bad.onnx", "--quiet"
    )
    assert code == 1 and "must be an ONNX file" in stderr


def test_features_of_another_shape(call, small_folder, here):
    """A model of 14 x 13 images is not measured by features of 28 x 28."""
    np.save("x.npy", load_mini("test").images[:90])
    code, _, stderr = call("eval", "--samples", "x.npy", *MINI, "--features", small_folder, "--quiet")
    assert code == 1 and "must have the shape (14, 13, 1) for the features of" in stderr


def test_classes_that_come_in_turns_are_all_drawn(document, here):
    """Classes take turns in the bundled images: a sixth of them still has all classes, as the floor shows."""
    np.save("x.npy", load_mini("test").images)
    result = document("--samples", "x.npy", *MINI)
    assert value(result, "training", "coverage") > 0.9


def test_a_saved_evaluation_has_the_samples_of_each_seed(call, model_folder, here):
    """`--save` keeps the metrics seed by seed, those of what stands beside samples, copies, and the hashes."""
    words = ["--quality", "--seeds", 2, "-n", 200, "--metrics", "mse", "--save", "a.npz", "--json", "--quiet"]
    code, stdout, _ = call("eval", "-m", model_folder, *words)
    assert code == 0
    result, saved = json.loads(stdout)["quality"], read(here / "a.npz").quality
    assert np.mean(saved.values["frechet"]) == pytest.approx(value(result, "samples", "frechet"))
    assert (saved.seeds, saved.n_images) == ((0, 1), 200)
    assert saved.features_sha256 == result["features"]["sha256"]
    assert saved.reference_sha256 == result["reference"]["sha256"]
    assert saved.training_sha256 == result["training"]["sha256"]
    assert saved.rows.keys() == result["rows"].keys() == {"samples", "reconstructions", "training"}
    for row, metrics in saved.rows.items():
        for metric, values in metrics.items():
            assert np.mean(values) == pytest.approx(value(result, row, metric)), (row, metric)
    assert saved.copies["ratio"] == result["copies"]["ratio"]["value"]
