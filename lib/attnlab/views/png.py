"""Pictures as PNG: small, and quick to make."""

import io
from typing import Any

import numpy as np
from PIL import Image


def encode(rgba: np.ndarray) -> tuple[bytes, tuple[int, int]]:
    """A mostly transparent picture, uint8 [height, width, 4], cropped to what is in it: PNG and its corner.

    Colours are told apart by the upper three bits of each channel, which makes a palette without a search; an
    entry of the palette is the mean of its pixels.
    """
    words = rgba.view("<u4")[..., 0]  # a pixel is one number: alpha, blue, green, red
    seen = words >= 8 << 24  # fainter than that is invisible
    ys, xs = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(ys):
        return as_png(Image.new("LA", (1, 1))), (0, 0)
    part, corner = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1], (int(xs[0]), int(ys[0]))
    seen = np.ascontiguousarray(seen[part])
    kept = words[part][seen]
    codes = kept >> 5 & 0o7 | kept >> 10 & 0o70 | kept >> 15 & 0o700 | kept >> 20 & 0o7000
    count = np.bincount(codes, minlength=4096)
    entries = np.flatnonzero(count)
    if len(entries) > 255:
        return as_png(Image.fromarray(np.ascontiguousarray(rgba[part])), compress_level=1), corner
    sums = [np.bincount(codes, kept >> 8 * channel & 255, 4096)[entries] for channel in range(4)]
    palette = np.round(np.stack(sums, axis=1) / count[entries, None]).astype(np.uint8)
    index = np.zeros(4096, np.uint8)
    index[entries] = np.arange(1, len(entries) + 1)
    pixels = np.zeros(seen.shape, np.uint8)
    pixels[seen] = index[codes]
    picture = Image.fromarray(pixels)
    picture.putpalette(b"\0\0\0" + palette[:, :3].tobytes())
    return as_png(picture, compress_level=3, transparency=b"\0" + palette[:, 3].tobytes()), corner


def as_png(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()
