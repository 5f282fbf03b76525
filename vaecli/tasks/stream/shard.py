"""`--shard I/N`: part I of N contiguous parts of all pictures, for as many processes or machines."""

import dataclasses
import re

from vaecli.errors import OptionError

MAX_SHARDS = 10**9


@dataclasses.dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, from 1; the parts have equal lengths, or differ by one."""

    number: int = 1
    count: int = 1

    def rows(self, total: int) -> range:
        """Return which of `total` pictures are in this part; the parts in order are all pictures in order."""
        return range(total * (self.number - 1) // self.count, total * self.number // self.count)


ALL = Shard()


def parse_shard(text: str | None) -> Shard:
    """Parse `I/N`; None is the only part of one.

    Raises:
        OptionError: another text, or I is not from 1 to N.
    """
    if text is None:
        return ALL
    match = re.fullmatch(r"([0-9]{1,10})/([0-9]{1,10})", text.strip())
    number, count = map(int, match.groups()) if match else (0, 0)
    if not match or not 1 <= number <= count <= MAX_SHARDS:
        raise OptionError(
            f"--shard must be I/N with I from 1 to N, got {text[:40]!r}.",
            option="--shard",
            hint="Of three parts: --shard 1/3, --shard 2/3 and --shard 3/3.",
        )
    return Shard(number, count)
