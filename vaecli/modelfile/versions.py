"""The onnxruntime version that a file needs, by the version of its operators (opset)."""

# https://onnxruntime.ai/docs/reference/compatibility.html ; the opset determines the IR version of a file
FIRST_ONNXRUNTIME = {13: "1.6", 14: "1.8", 15: "1.10", 16: "1.11", 17: "1.12", 18: "1.14"}


def needed(opset: int) -> str:
    """Return the first onnxruntime that reads an opset; empty for an opset that is not known here."""
    return FIRST_ONNXRUNTIME[max(opset, min(FIRST_ONNXRUNTIME))] if opset <= max(FIRST_ONNXRUNTIME) else ""


def is_older(version: str, reference: str) -> bool:
    """Return whether a version such as 1.9.0 is older than a reference such as 1.10."""
    return _numbers(version) < _numbers(reference)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2])
