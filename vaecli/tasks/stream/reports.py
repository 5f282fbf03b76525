"""Messages while pictures are read."""

import dataclasses
from collections.abc import Callable

from vaecli.tasks.inputs import Progress, Warn, silent
from vaecli.tasks.stream.batch import Unreadable


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reports:
    """The receivers of reports while pictures are read; by default they do nothing.

    Attributes:
        warn: gets what a user should know of the data set.
        unreadable: gets each picture that cannot be read, when it is met.
        progress: gets the number of pictures done and in all.
        download: gets the progress of a download: file, bytes so far, bytes in all.
        decoding: gets the progress of decoding the pictures of --data: what is done, pictures so far, in all.
    """

    warn: Warn = silent
    unreadable: Callable[[Unreadable], None] = silent
    progress: Callable[[int, int], None] = silent
    download: Progress = silent
    decoding: Progress = silent


SILENT = Reports()
