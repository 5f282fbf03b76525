"""`vaecli eval --report`, through the program's own `main`: the page, the Markdown, what is left out, refusals."""

import html.parser
import json
import os
import pathlib
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import vaecli
from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import read_file
from vaecli.modelfile.write import with_metadata
from vaecli.tasks.report import write

TRAIN, TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"


@pytest.fixture
def report(call, here, model_folder):
    """`vaecli eval -m MODEL --report report.html ...`: the page as a tree, and stderr."""

    def report(*arguments, model=model_folder):
        code, _, stderr = call("eval", "-m", model, "--report", "report.html", *arguments)
        assert code == 0, stderr
        return page_of(here / "report.html"), stderr

    return report


def page_of(path):
    """Parse a page, which must be well-formed even for a parser of XML."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    return ET.fromstring(text.partition("\n")[2])


def titles(page):
    """The headings of a page."""
    return ["".join(heading.itertext()) for heading in page.iter() if heading.tag in ("h2", "h3")]


@pytest.fixture
def folder(here):
    """Writes a data set without labels: training and test images (N, 28, 28) uint8."""

    def folder(train, test, name="mine"):
        (here / name).mkdir()
        (here / name / TRAIN).write_bytes(encode_idx(train))
        (here / name / TEST).write_bytes(encode_idx(test))
        return here / name

    return folder


def mini(split, count):
    """Some images of fashion-mnist-mini, (n, 28, 28)."""
    return np.ascontiguousarray(load_mini(split).images[:count, :, :, 0])


def test_the_page(report, here):
    """Every part is there; it needs nothing from elsewhere, holds no script and no path of this machine."""
    page, stderr = report()
    assert titles(page) == [
        "No warnings", "Figures", "Reconstructions", "Samples", "Latent space", "Figures of each class",
        "Worst images", "Closest pairs of samples and training images", "The model", "Left out",
    ]  # fmt: skip
    text = (here / "report.html").read_text(encoding="utf-8")
    assert len(text) <= 2_000_000
    assert not {"script", "iframe", "object", "link", "form"} & {element.tag for element in page.iter()}
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in sources)
    assert str(here) not in text and str(pathlib.Path(__file__).parent) not in text
    assert f"measured by vaecli {vaecli.__version__}" in text
    assert "Report: report.html, report.md, report-files" in stderr
    anchors = {element.get("id") for element in page.iter()}
    assert {source[1:] for source in sources if source.startswith("#")} <= anchors


def test_a_browser_reads_the_same_elements(report, here):
    """Python's parser of HTML finds the elements in the same order as that of XML."""
    page, _ = report()

    tags = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)

    Parser().feed((here / "report.html").read_text(encoding="utf-8"))
    own = [re.sub(r"\{.*\}", "", element.tag) for element in page.iter()]
    assert tags == own


def test_figures_are_those_of_the_table(call, here, model_folder):
    """The page, the Markdown and the table name the same means."""
    code, stdout, _ = call("eval", "-m", model_folder, "--report", "a.html")
    assert code == 0
    printed = {line.split()[0]: line.split()[1] for line in stdout.splitlines() if not line.startswith(" ")}
    cells = {row[0].text: row[1].text for row in page_of(here / "a.html").iter("tr") if len(row) == 5}
    for name in ("elbo", "kl", "mse", "ssim"):
        assert float(cells[name]) == pytest.approx(float(printed[name]), rel=1e-2)
        assert f"| {cells[name]} |" in (here / "a.md").read_text(encoding="utf-8")


def test_the_markdown(report, here):
    """It has the headings of the page, and its pictures are the files beside it."""
    page, _ = report()
    text = (here / "report.md").read_text(encoding="utf-8")
    headings = [line.lstrip("# ").replace("\\", "") for line in text.splitlines() if line.startswith("##")]
    assert headings == titles(page)
    named = set(re.findall(r"\]\(report-files/([^)]*)\)", text))
    assert named == {path.name for path in (here / "report-files").iterdir()}
    for name in named:
        path = here / "report-files" / name
        if path.suffix == ".png":
            Image.open(path).load()
        else:
            ET.parse(path)
    assert len(named) == len(list(page.iter("figure")))


def test_the_same_twice(report, here, contents):
    """The same model, images and seed give the same report, the speed aside."""
    report("--seed", "3")
    before = contents(here)
    report("--seed", "3", "--force")
    assert contents(here) == before


def test_without_labels(report, folder):
    """What needs labels is left out, and said to be."""
    page, stderr = report("--data", folder(mini("train", 300), mini("test", 120)))
    assert "Figures of each class" not in titles(page)
    assert "Figures of each class. mine has no labels." in stderr
    assert not any("s3" in (element.get("class") or "") for element in page.iter() if element.tag != "style")


def test_of_other_data(report, folder):
    """Training images of other data are not those of the model: no gap and no pairs with them."""
    page, stderr = report("--data", folder(mini("train", 300), mini("test", 120)))
    assert "Closest pairs of samples and training images" not in titles(page)
    assert "are not those of the model" in stderr


def test_one_image(report, folder):
    """There are no intervals and no percentiles, and no check that needs many images."""
    page, _ = report("--data", folder(mini("train", 100), mini("test", 1)))
    assert titles(page)[0] == "No warnings"


def test_requested_metrics_alone(report):
    """Parts that need other metrics are left out."""
    page, stderr = report("--metrics", "psnr")
    assert "Latent space" in titles(page)
    for part in ("KL of each dimension", "Worst images", "Figures of each class"):
        assert f"{part}. " in stderr


def test_curves_of_a_run(call, here, model_folder):
    """Where the model lies in its run, the curves of its epochs are drawn."""
    run = make_run(here, model_folder, [300 - 20 * epoch for epoch in range(8)])
    code, _, stderr = call("eval", "-m", run, "--report", "r.html")
    assert code == 0
    assert "Training" in titles(page_of(here / "r.html")) and "Training curves" not in stderr


def test_damaged_metrics_of_a_run(call, here, model_folder):
    """The report is written without curves."""
    run = make_run(here, model_folder, [300.0, 280.0])
    (run / "metrics.csv").write_text("epoch\n1\n", encoding="utf-8")
    code, _, stderr = call("eval", "-m", run, "--report", "r.html")
    assert code == 0 and "Training curves. metrics.csv in the run is damaged." in stderr


def make_run(here, model_folder, val_losses):
    """A run on the bundled images with these validation losses."""
    run = here / "runs" / "a-1"
    shutil.copytree(model_folder, run / "model")
    (run / "config.toml").write_text('data = "fashion-mnist-mini"\n', encoding="utf-8")
    (run / "provenance.json").write_text('{"started": "2026"}', encoding="utf-8")
    columns = "epoch,loss,reconstruction,kl,val_loss,val_reconstruction,val_kl"
    rows = [f"{n},{250 - n},244,6,{loss},{loss - 6},6" for n, loss in enumerate(val_losses, start=1)]
    lines = [f"{columns},learning_rate,seconds,images_per_second,val_seconds"]
    lines += [f"{row},0.01,1.5,4000,0.1" for row in rows]
    (run / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return run


@pytest.mark.parametrize("name", ["report", "report.png", "-", "."])
def test_another_name(call, here, model_folder, name):
    """A name that is not an .html file is refused before anything is measured."""
    code, stdout, stderr = call("eval", "-m", model_folder, "--report", name)
    assert code in (1, 2) and stdout == "" and "--report" in stderr
    assert list(here.iterdir()) == []


def test_no_name(call, here, model_folder):
    """An unset variable of the shell is named."""
    code, stdout, stderr = call("eval", "-m", model_folder, "--report", "")
    assert (code, stdout) == (2, "") and "--report must name" in stderr


@pytest.mark.parametrize("taken", ["report.html", "report.md", "report-files/mine.txt"])
def test_nothing_is_overwritten(call, here, contents, model_folder, taken):
    """Any of its files that is there already is refused before anything is measured; --force replaces it."""
    (here / taken).parent.mkdir(exist_ok=True)
    (here / taken).write_text("mine", encoding="utf-8")
    before = contents(here)
    code, stdout, stderr = call("eval", "-m", model_folder, "--report", "report.html")
    assert (code, stdout) == (1, "") and "--force" in stderr and stderr.count("\n") == 1
    assert contents(here) == before
    assert call("eval", "-m", model_folder, "--report", "report.html", "--force", "-q")[0] == 0
    assert titles(page_of(here / "report.html"))[0] == "No warnings"
    if taken.endswith("mine.txt"):
        assert (here / taken).read_text(encoding="utf-8") == "mine"  # not one of its files


def test_pictures_of_an_earlier_report(report, here, mixed_folder):
    """They go with it, so that the folder has those of the Markdown alone."""
    report(model=mixed_folder)
    assert (here / "report-files" / "samples-mixture.png").exists()
    (here / "report-files" / "mine.svg").write_text("<svg/>", encoding="utf-8")
    report("--metrics", "psnr", "--force")
    names = {path.name for path in (here / "report-files").iterdir()}
    assert "mine.svg" in names and not {"samples-mixture.png", "elbo-of-images.svg"} & names


def test_a_folder_of_that_name(call, here, model_folder):
    """Refused, also with --force."""
    (here / "report.html").mkdir()
    for force in ([], ["--force"]):
        code, stdout, stderr = call("eval", "-m", model_folder, "--report", "report.html", *force)
        assert (code, stdout) == (1, "") and "folder" in stderr
    assert list(here.iterdir()) == [here / "report.html"]


def test_a_missing_folder(call, here, model_folder):
    """Refused before anything is measured."""
    code, stdout, stderr = call("eval", "-m", model_folder, "--report", "no/report.html")
    assert (code, stdout) == (1, "") and "no" in stderr
    assert list(here.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_folder_that_cannot_be_written(call, model_folder):
    """Refused before anything is measured, also to root."""
    code, stdout, stderr = call("eval", "-m", model_folder, "--report", "/proc/report.html")
    assert (code, stdout) == (1, "") and "Cannot write /proc/report.html" in " ".join(stderr.split())


def test_json_stays_alone_on_stdout(call, here, model_folder):
    """--json and --quiet work with a report; warnings are still told."""
    code, stdout, stderr = call("eval", "-m", model_folder, "--report", "r.html", "--json", "--quiet")
    assert (code, stderr) == (0, "") and stdout.startswith("{") and stdout.count("\n") == 1
    assert (here / "r.html").exists()


HOSTILE = (
    '<img src=x onerror="alert(1)">', "](javascript:alert(1))", "a|b # c", "`x", "&lt;b&gt;", "Bag",
)  # fmt: skip


def test_names_of_strangers(report, here, model_folder):
    """Names of the model, of its data and of classes are text, whatever is in them."""
    folder = here / "hostile"
    shutil.copytree(model_folder, folder)
    for path in folder.glob("*.onnx"):
        file = read_file(path)
        entries = {key: text for key, text in file.metadata.items() if key != KEY_DIGEST}
        info = file.info.replace(
            name=HOSTILE[0],
            class_names=(*HOSTILE, "6", "7", "8", "9"),
            network="classic",
            software={HOSTILE[1]: HOSTILE[0]},
        )
        path.write_bytes(with_metadata(file.content, entries | info.to_metadata()))
    page, _ = report(model=folder)
    assert page.find("head").find("title").text == f"Report on {HOSTILE[0]}"
    assert not any(name.startswith("on") for element in page.iter() for name in element.attrib)
    text = (here / "report.md").read_text(encoding="utf-8")
    assert "<img" not in text.replace("\\<img", "") and "](java" not in text.replace("\\]\\(java", "")


@pytest.mark.skipif(os.name == "nt", reason="names of files cannot have these characters there")
def test_folders_of_strangers(report, here, model_folder):
    """So are the names of folders, which are classes."""
    for part in ("train", "test"):
        for name in ("<script>alert(1)<", "a|b*c*", "\u202egnp"):
            folder = here / "<b>" / part / name
            folder.mkdir(parents=True)
            for number in range(4):
                pixels = load_mini(part).images[len(name) * 9 + number, :, :, 0]
                Image.fromarray(pixels).save(folder / f"{number}.png")
    page, _ = report("--data", here / "<b>", "--split", "test")
    assert "script" not in {element.tag for element in page.iter()}
    rows = [row[0].text for row in page.iter("tr")]
    assert "<script>alert(1)<" in rows and "\u202e" not in (here / "report.html").read_text(encoding="utf-8")
    assert "| a\\|b\\*c\\* |" in (here / "report.md").read_text(encoding="utf-8")


def test_the_size_of_the_page(report, here, monkeypatch):
    """Pictures are made smaller until the page fits, and are all still there."""
    page, _ = report()
    large = (here / "report.html").stat().st_size
    monkeypatch.setattr(write, "MOST_BYTES", large // 2)
    smaller, _ = report("--force")
    assert (here / "report.html").stat().st_size <= large // 2
    assert len(list(smaller.iter("img"))) == len(list(page.iter("img")))


def test_pairs_and_copies_have_one_distance(report, call, here, model_folder):
    """With --quality the closest pairs are those of its metric, by features; else by pixels, named as such."""
    report()
    text = (here / "report.md").read_text(encoding="utf-8")
    assert "root mean squared difference of their pixels" in text
    words = ["--quality", "--seeds", 1, "-n", 200, "--metrics", "mse,elbo", "--json", "--force"]
    code, stdout, _ = call("eval", "-m", model_folder, "--report", "report.html", *words)
    assert code == 0
    copies = json.loads(stdout)["quality"]["copies"]
    text = (here / "report.md").read_text(encoding="utf-8")
    assert "root mean squared difference of their pixels" not in text
    assert "the distance of their features" in text
    of_metric, of_pairs = re.findall(r"are ([\d.]+) ± ", text)
    assert of_metric == of_pairs and float(of_pairs) == pytest.approx(copies["ratio"]["value"], abs=0.01)


def test_the_duration_of_each_part_is_printed(report, call, here, check_schema, model_folder):
    """On stderr, and as JSON beside the paths and the parts that are left out."""
    _, stderr = report()
    (line,) = [line for line in stderr.splitlines() if line.startswith("Seconds of the report: ")]
    for part in ("latents ", "worst images ", "closest pairs ", "gap ", "warnings ", "page "):
        assert part in line
    code, stdout, _ = call(
        "eval", "-m", model_folder, "--report", "report.html", "--force", "--json", "--quiet"
    )
    document = json.loads(stdout)
    assert code == 0
    check_schema("eval", document)
    assert document["report"]["page"] == "report.html"
    assert set(document["part_seconds"]) == {"encode", "elbo", "mse", "ssim"}
    assert sum(document["part_seconds"].values()) == pytest.approx(document["seconds"])


def test_a_model_of_binary_pixels(report, here, binary_folder):
    """The report shows the binary images that were measured, and says so."""
    report(model=binary_folder)
    assert "made binary at random" in (here / "report.md").read_text(encoding="utf-8")
    pixels = np.asarray(Image.open(here / "report-files" / "reconstructions.png").convert("L"))
    first = pixels[3 : 3 + 84, 3 : 3 + 84]
    assert set(np.unique(first)) <= {0, 255}
