"""Text that is safe to print in a terminal: no control characters, which move the cursor or set titles."""

import re

# C0 and C1 controls, line and paragraph separators, overrides of the writing direction, lone surrogates
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def is_plain(text: str) -> bool:
    """Return whether a text has no control characters."""
    return _CONTROL.search(text) is None
