"""The progress of a report: work of more than a second is reported while it is done."""

from vaecli.data.load import load
from vaecli.metrics.evaluate import evaluate
from vaecli.tasks.quality.steps import Steps
from vaecli.tasks.report.measured import PARTS, measure
from vaecli.tasks.report.subject import Subject


def test_work_within_the_parts_is_reported(scored_model):
    """Scores of all images, nats of training images, and units of the networks come to their total in steps."""
    rows, parts = {}, []

    def report(name, done, total):
        rows.setdefault(name, []).append((done, total))

    images = load("fashion-mnist-mini", "test", download=False)
    evaluation = evaluate(scored_model, images.images, metrics=("elbo", "kl_dim"))
    measure(Subject(scored_model, images, evaluation), Steps(report), parts.append)
    assert sum(parts) == PARTS
    for name in ("Scores of images", "Nats of training images", "Units of the networks"):
        counts = [done for done, _ in rows[name]]
        assert counts == sorted(counts) and counts[-1] == rows[name][-1][1], name
        assert any(0 < done < counts[-1] for done in counts), name
