"""How far a text repeats itself. Only what was written counts, not the prompt."""

from collections.abc import Sequence

from attnlab.attention.numbers import whole_number


def grams(ids: Sequence[int], n: int) -> list[tuple[int, ...]]:
    """All rows of n tokens, in order."""
    whole_number("n", n, 1)
    return [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]


def distinct(ids: Sequence[int], n: int = 4) -> float:
    """The share of different rows of n tokens among all: 1, where nothing comes twice.

    Li et al. (2016), https://arxiv.org/abs/1510.03055, section 5.
    """
    found = grams(ids, n)
    return len(set(found)) / len(found) if found else 1.0


def loop_of(ids: Sequence[int], times: int = 3) -> tuple[int, int] | None:
    """Where a text ends in a loop: its period, and where it begins. None: it does not.

    The last tokens repeat with the period, at least `times` times. The shortest period is taken.
    """
    whole_number("times", times, 2)
    for period in range(1, len(ids) // times + 1):
        same = 0
        while same + period < len(ids) and ids[-1 - same] == ids[-1 - same - period]:
            same += 1
        if same >= (times - 1) * period:
            return period, len(ids) - period - same
    return None
