"""Which onnxruntime a file needs, by the version of its operators (opset)."""

# https://onnxruntime.ai/docs/reference/compatibility.html ; the IR version of a file comes with its opset
FIRST_ONNXRUNTIME = {13: "1.6", 14: "1.8", 15: "1.10", 16: "1.11", 17: "1.12", 18: "1.14"}


def needed(opset: int) -> str:
    """The first onnxruntime that reads an opset; empty for one that this vaecli does not know."""
    return FIRST_ONNXRUNTIME[max(opset, min(FIRST_ONNXRUNTIME))] if opset <= max(FIRST_ONNXRUNTIME) else ""


def is_older(version: str, other: str) -> bool:
    """Whether a version such as 1.9.0 comes before another such as 1.10."""
    return _numbers(version) < _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2])
