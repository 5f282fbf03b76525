"""The batch size of a run that names none, and what it means for the learning rate.

With few images an epoch of large batches has few steps, and a run of 30 such epochs ends before its pictures are
sharp. Smaller batches take more steps in about the same time.
"""

import math

LARGEST = 128
SMALLEST = 8
MANY_IMAGES = 5000  # of training: from here on the largest batch
MOST_OF_FEW = 32  # the largest batch below that number
STEPS_PER_EPOCH = 100  # at least, where the smallest batch allows it


def size(n_train: int) -> int:
    """Return the batch size for `n_train` training images: 128 from 5,000 images on, 32, 16 or 8 for fewer."""
    if n_train >= MANY_IMAGES:
        return LARGEST
    most = max(1, n_train // STEPS_PER_EPOCH)
    power_of_two = 1 << (most.bit_length() - 1)
    return max(SMALLEST, min(MOST_OF_FEW, power_of_two))


def rate_factor(batch_size: int | None) -> float:
    """Return the factor on a network's learning rate, which suits batches of 128: less, by the square root, below.

    The gradient of a smaller batch is noisier, and Adam's steps are as long for a noisy gradient as for a clear
    one. None stands for 128.
    """
    return math.sqrt(min(batch_size or LARGEST, LARGEST) / LARGEST)
