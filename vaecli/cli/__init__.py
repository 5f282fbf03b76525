"""The command line: parse, one task, render. The only home of typer and rich; nothing imports it."""
