"""TensorBoard's event files where they cannot be written; what is in them is tested with the program."""

import pytest

from vaecli.errors import OutputError

pytestmark = pytest.mark.train


def test_a_folder_that_cannot_be_made(tmp_path):
    """An error of ours, since TensorFlow's own would be taken for a worker that is gone."""
    from vaecli.training.cluster.devices import LOST_CONNECTION
    from vaecli.training.events import EventWriter

    (tmp_path / "file").write_text("mine")
    with pytest.raises(
        OutputError, match=r"Cannot write event files in .*: .* is not a directory\.$"
    ) as caught:
        EventWriter(tmp_path / "file" / "tensorboard")
    assert isinstance(caught.value.__cause__, LOST_CONNECTION)
