"""Images and sounds as sequences of vectors: patches and frames."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..attention.arguments import as_finite
from ..attention.numbers import whole_number


def patches(image: ArrayLike, side: int) -> NDArray:
    """Cut an image into squares, row by row, each laid out as one vector.

    image [height, width] or [height, width, channel] -> [patch, side * side (* channel)].
    Dosovitskiy et al. (2021), https://arxiv.org/abs/2010.11929, section 3.1.
    ValueError or TypeError: `side` does not divide both sides, numbers that are not finite or not real.
    """
    image, side = as_finite("image", image), whole_number("side", side, 1)
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(f"image must be [height, width] or [height, width, channel], got {image.shape}")
    height, width = image.shape[:2]
    if height % side or width % side:
        both = [str(s) for s in range(1, min(height, width) + 1) if height % s == width % s == 0]
        raise ValueError(
            f"side={side} does not divide an image of {height} by {width}; choose one of {', '.join(both)}"
        )
    rows = image.reshape(height // side, side, width // side, side, -1)  # [row, y, column, x, channel]
    return rows.swapaxes(1, 2).reshape(-1, side * side * rows.shape[-1])


def frames(signal: ArrayLike, size: int, step: int | None = None) -> NDArray:
    """Cut a sound into pieces of `size` samples, one every `step` samples (default: size).

    signal [sample] -> [frame, size]; samples left at the end that do not fill a frame are dropped.
    ValueError or TypeError: a frame longer than the sound, numbers that are not finite or not real.
    """
    signal, size = as_finite("signal", signal), whole_number("size", size, 1)
    step = size if step is None else whole_number("step", step, 1)
    if signal.ndim != 1:
        raise ValueError(f"signal must be one row of samples, got shape {signal.shape}; take one channel")
    if size > len(signal):
        raise ValueError(f"a frame of {size} samples is longer than the sound, {len(signal)}; use fewer")
    return np.lib.stride_tricks.sliding_window_view(signal, size)[::step].copy()


@np.errstate(under="ignore")
def spectrogram(signal: ArrayLike, size: int, step: int | None = None) -> NDArray:
    """How strong each frequency is in each frame: [frame, size // 2 + 1].

    Power: |Fourier transform|² of the frame under a Hann window. Column i is i * rate / size hertz.
    Errors as for `frames`.
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(whole_number("size", size, 1)) / size)
    return np.abs(np.fft.rfft(frames(signal, size, step) * window)) ** 2
