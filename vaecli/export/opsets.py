"""The ONNX operator sets that a file may use, checked before TensorFlow starts."""

from vaecli import checks

LOWEST, HIGHEST = 13, 18  # that tf2onnx and the networks agree on
DEFAULT = LOWEST  # the lower the opset, the older the runtimes that read the file


def require_opset(opset: object) -> int:
    """Return the opset, a whole number from LOWEST to HIGHEST.

    Raises:
        OptionError: the opset is not a whole number from 13 to 18.
    """
    return checks.integer(opset, "--opset", least=LOWEST, most=HIGHEST)
