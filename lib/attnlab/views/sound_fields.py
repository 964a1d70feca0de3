"""Check what a sound is given: its rate, its frames, its spectrogram and their frequencies."""

import math
from numbers import Real
from typing import Any

import numpy as np

from attnlab.attention.numbers import whole_number
from attnlab.views import inputs, rounding
from attnlab.views.inputs import Field, MaybeNumbers


class Rate(Field[float, float]):
    """Samples a second."""

    def look(self, view: Any, given: float) -> float:
        if not (isinstance(given, Real) and math.isfinite(given) and given > 0):
            raise ValueError(f"rate must be a positive number of samples a second, got {given!r:.60}")
        return float(given)


class Samples(Field[int | None, int | None]):
    """A number of samples of the signal."""

    def look(self, view: Any, given: int | None) -> int | None:
        most, remedy = len(view.signal), "pass a number of samples"
        if given is None:
            return None
        return whole_number(self.name, given, 1, most, remedy=remedy, why=f"the signal has {most} samples")


class Step(Samples):
    """From one frame to the next: by default their size."""

    def look(self, view: Any, given: int | None) -> int | None:
        needs_size(view, self.name, given)
        return super().look(view, view.size if given is None else given)


class Frame(Field[int | None, int | None]):
    """A frame, or None."""

    def look(self, view: Any, given: int | None) -> int | None:
        needs_size(view, self.name, given)
        return inputs.as_index(given, view.frames, self.name)


class Spectrum(MaybeNumbers):
    """Spectrogram [frames, bands]."""

    def look(self, view: Any, given: Any) -> np.ndarray | None:
        needs_size(view, self.name, given)
        spectrum = super().look(view, given)
        if spectrum is not None and len(spectrum) != view.frames:
            raise ValueError(f"spectrum has {len(spectrum)} rows, but the signal has {view.frames} frames")
        return spectrum


class Frequencies(MaybeNumbers):
    """The frequencies of the bands of the spectrum: by default equally spaced up to half the rate."""

    def look(self, view: Any, given: Any) -> np.ndarray | None:
        if view.spectrum is None:
            if given is not None:
                raise ValueError("bands are the frequencies of a spectrum: pass the spectrum as well")
            return None
        count = view.spectrum.shape[1]
        bands = inputs.as_array(np.linspace(0, view.rate / 2, count) if given is None else given, "bands", 1)
        if len(bands) != count:
            raise ValueError(f"bands has {len(bands)} frequencies, but the spectrum has {count} bands")
        if (np.diff(bands) <= 0).any():
            raise ValueError("bands must rise from one to the next: they are frequencies, the lowest first")
        return bands


class Reach(Field[float | None, float]):
    """The end of the scale of the wave: 1, or enough for the signal."""

    def look(self, view: Any, given: float | None) -> float:
        reach = float(np.abs(view.signal).max())
        return inputs.as_limit(given) or (1.0 if reach <= 1 + 1e-9 else rounding.nice(reach))


def needs_size(view: Any, name: str, given: object) -> None:
    if view.size is None and given is not None:
        raise ValueError(f"{name} is about frames: pass their size in samples as well")
