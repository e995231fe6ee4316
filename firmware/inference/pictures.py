"""What face and card front share of pictures: their types, frames seen as one, and wiping. Pure but for `numpy`.

Any thread. Pictures are uint8 arrays, height x width x 3, BGR.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


@contextmanager
def wiped(*arrays: NDArray[Any]) -> Iterator[None]:
    """Overwrite the arrays with zeros when the block ends, however it ends."""
    try:
        yield
    finally:
        for array in arrays:
            array.fill(0)


def view(pixels: bytearray, width: int, height: int) -> Picture:
    """The bytes of a frame as a picture, not copied."""
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)
