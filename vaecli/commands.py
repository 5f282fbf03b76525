"""Commands that messages tell the user to type, quoted so that they work when typed."""

import shlex


def command(*words: object) -> str:
    """Join the words of a `vaecli` command, quoted for the shell: `command("info", "-m", "my model")`."""
    return shlex.join(["vaecli", *map(str, words)])
