"""TensorFlow's threads: weights are equal to the bit only for equal numbers of them."""

import tensorflow as tf

from vaecli.runtime.threads import available


def use(wanted: list[int]) -> list[int]:
    """Give TensorFlow so many threads within an operation and between operations.

    Returns:
        What it works with. That is something else where it has begun to work in this process: it takes the numbers
        at its start alone.
    """
    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(wanted[0])
        threading.set_inter_op_parallelism_threads(wanted[1])
    except RuntimeError:  # too late
        pass
    found = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
    return [count or available() for count in found]
