"""Exercises of notebook 10: a schedule, and early stopping."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_warmup_cosine(attempt: Callable) -> Callable:
    """`warmup_cosine(step, steps, peak, warmup)`: the learning rate of a step."""
    return judge("a warm-up, then a cosine", attempt, _warmup_cosine, _PLACES, _WRONG_RATE, _place)


def check_stop_at(attempt: Callable) -> Callable:
    """`stop_at(steps, losses, patience)`: the step where early stopping ends, and the best step."""
    return judge("early stopping", attempt, _stop_at, _COURSES, _WRONG_STOP, _drawn_course)


# Exercise 1: a schedule


def _down(share: float) -> float:
    """Half a cosine, from 1 to 0."""
    return (1 + np.cos(np.pi * share)) / 2


def _warmup_cosine(step: int, steps: int, peak: float, warmup: int) -> float:
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * _down((step - warmup) / (steps - warmup))


_PLACES = [
    *((step, 10, 1.0, 4) for step in (0, 1, 3, 4, 6, 7, 8)),
    *((step, 4, 2.0, 0) for step in (0, 1, 2)),
    *((step, 150, 0.02, 30) for step in (0, 29, 30, 90, 149)),
    *((step, 1000, 1.0, 400) for step in (349, 399, 999)),
]


def _place(rng: np.random.Generator) -> tuple[int, int, float, int]:
    """Any step of a short or long training, often one beside the end of the warm-up."""
    steps = int(rng.integers(1, rng.choice([4, 20, 400, 3000])))
    warmup = int(rng.integers(rng.choice([1, 2, steps, steps]))) % steps
    near = [0, warmup - 1, warmup, warmup + 1, steps - 1, *rng.integers(steps, size=6)]
    step = int(np.clip(rng.choice(near), 0, steps - 1))
    return step, steps, float(rng.choice([0.001, 0.03, 0.5, 1.0, 3.0, 20.0])), warmup


def _rise(up: Callable, down: Callable) -> Callable:
    """A schedule of two parts: `up` while step < warmup, then `down`."""
    return lambda step, steps, peak, warmup: (up if step < warmup else down)(step, steps, peak, warmup)


def _up(step: int, steps: int, peak: float, warmup: int) -> float:
    return peak * (step + 1) / warmup


def _cosine(step: int, steps: int, peak: float, warmup: int) -> float:
    return peak * _down((step - warmup) / (steps - warmup))


def _both_computed(step: int, steps: int, peak: float, warmup: int) -> float:
    """np.where, or a line before the `if`: the warm-up is computed where there is none, too."""
    up = peak * (step + 1) / warmup
    return up if step < warmup else _cosine(step, steps, peak, warmup)


def _both_shares_computed(step: int, steps: int, peak: float, warmup: int) -> float:
    up = (step + 1) / warmup
    return peak * up if step < warmup else _cosine(step, steps, peak, warmup)


_WRONG_RATE = {
    _both_computed: (
        "with warmup = 0 there is no straight line, and it divides by 0. np.where computes both cases, and "
        "so do lines before an `if`. Write `if step < warmup:`, and compute the straight line inside it."
    ),
    _both_shares_computed: (
        "with warmup = 0 the share of the warm-up divides by 0. np.where computes both cases, and so do "
        "lines before an `if`. Write `if step < warmup:`, and compute the share inside it."
    ),
    _rise(_up, lambda i, n, p, w: p * _down(i / (n - w))): (
        "your cosine counts from step 0, so it goes on past 0 and rises again. Count from the end of the "
        "warm-up: step - warmup."
    ),
    lambda i, n, p, w: p * _down(i / n): (
        "this is a cosine from the first step to the last. While step < warmup, the rate rises in a "
        "straight line; the cosine comes after it."
    ),
    _rise(_up, lambda i, n, p, w: p * _down((i - w - 1) / (n - w))): (
        "your cosine comes one step too late. Step number `warmup` is its first: step - warmup, without - 1."
    ),
    _rise(_up, lambda i, n, p, w: p * _down((i - w) / (n - w + 1))): (
        "the cosine arrives at 0 one step too late. It should get there at step number `steps`, so it has "
        "steps - warmup steps, without + 1."
    ),
    _rise(_up, lambda i, n, p, w: p * _down((i - w + 1) / (n - w))): (
        "your cosine is one step ahead. Step number `warmup` still has the peak: step - warmup, without + 1."
    ),
    _rise(lambda i, n, p, w: p * i / w, _cosine): (
        "step 0 gets a learning rate of 0, so its batch is wasted. Use step + 1: then it gets peak / warmup."
    ),
    _rise(lambda i, n, p, w: p * (i + 1) / (w + 1), _cosine): (
        "the warm-up never quite reaches the peak. Its last step, number warmup - 1, should have it: "
        "divide by warmup."
    ),
    _rise(lambda i, n, p, w: p * (i + 1) / n, _cosine): (
        "the warm-up is too slow: it should reach the peak after `warmup` steps, not after `steps`."
    ),
    lambda i, n, p, w: _up(i, n, p, w) if i <= w else _cosine(i, n, p, w): (
        "step number `warmup` still belongs to your warm-up and goes above the peak. Use step < warmup."
    ),
    _rise(_up, lambda i, n, p, w: p * _down(i / n)): (
        "the rate jumps where the warm-up ends. The cosine should start there: use step - warmup."
    ),
    _rise(_up, lambda i, n, p, w: p * _down((i - w) / n)): (
        "the cosine does not get down to 0. After the warm-up it has only steps - warmup steps left."
    ),
    _rise(_up, lambda i, n, p, w: p * _down((i - w) / (n - w - 1))): (
        "the cosine arrives at 0 one step early. It should get there at step number `steps`: "
        "divide by steps - warmup."
    ),
    _rise(_up, lambda i, n, p, w: 2 * _cosine(i, n, p, w)): (
        "the rate jumps to twice the peak, because 1 + cos runs from 2 to 0. Halve it."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 + np.cos(np.pi * (i - w) / (n - w)) / 2)): (
        "the half is only applied to the cosine. It belongs to the whole sum: (1 + cos) / 2."
    ),
    _rise(_up, lambda i, n, p, w: p * np.cos(np.pi * (i - w) / (n - w))): (
        "cos runs from 1 to -1, so the rate falls below 0 and steps go uphill. Use (1 + cos) / 2."
    ),
    _rise(_up, lambda i, n, p, w: p * np.cos(np.pi / 2 * (i - w) / (n - w))): (
        "this is a quarter of a turn, which is steepest at the end. Use (1 + cos) / 2 over half a turn."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 - np.cos(np.pi * (i - w) / (n - w))) / 2): (
        "after the warm-up your rate runs from 0 to the peak, the wrong way round. Use 1 + cos, with the "
        "share of the way down, (step - warmup) / (steps - warmup), inside the cosine."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 + np.cos(2 * np.pi * (i - w) / (n - w))) / 2): (
        "the rate comes back to the peak at the end, because 2 pi is a whole turn. Half a turn is pi."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 + np.cos((i - w) / (n - w))) / 2): (
        "pi is missing: inside the cosine, the share of the way down is multiplied by np.pi."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 + np.cos(180 * (i - w) / (n - w))) / 2): (
        "np.cos takes angles in radians: half a turn is np.pi, not 180."
    ),
    _rise(_up, lambda i, n, p, w: p * (n - i) / (n - w)): (
        "the rate goes down in a straight line. The cosine is flat at both ends."
    ),
    _rise(_up, lambda i, n, p, w: p): "the warm-up is right, but after it the rate stays at the peak.",
    _rise(_cosine, _cosine): (
        "the warm-up is missing. While step < warmup, the rate rises in a straight line."
    ),
    _rise(lambda i, n, p, w: _up(i, n, 1, w), lambda i, n, p, w: _cosine(i, n, 1, w)): (
        "this is the factor from 0 to 1. Multiply it by peak."
    ),
    lambda i, n, p, w: _warmup_cosine(i, n, 0.02, w): "0.02 is the peak of our panel only. Use peak.",
    lambda i, n, p, w: _warmup_cosine(i, 150, p, 30): (
        "150 and 30 are the numbers of our panel only. Use steps and warmup."
    ),
    lambda i, n, p, w: _warmup_cosine(i, 150, 0.02, 30): (
        "this works for the numbers of our panel only. Replace 150, 0.02 and 30 by steps, peak and warmup."
    ),
    _rise(lambda i, n, p, w: _up(i, n, p, w) * _down(i / n), _cosine): (
        "the warm-up should be a plain straight line. The cosine comes after it, not on top of it."
    ),
}


# Exercise 2: early stopping


def _stop_at(steps: NDArray, losses: NDArray, patience: int) -> tuple[int, int]:
    best = 0
    for now, loss in enumerate(losses):
        if loss < losses[best]:
            best = now
        if steps[now] - steps[best] >= patience:
            return steps[now], steps[best]
    return steps[len(steps) - 1], steps[best]


_COURSES = [
    (np.array([0]), np.array([1.0]), 10),
    (np.array([0, 10, 20, 30]), np.array([3.0, 2.0, 1.0, 0.5]), 10),
    (np.array([0, 10, 20, 30]), np.array([2.0, 3.0, 1.0, 1.5]), 10),
    (np.array([0, 10, 20, 30, 40]), np.array([2.0, 1.0, 1.2, 1.1, 0.5]), 20),
    (np.array([0, 10, 20, 30, 40]), np.array([2.0, 1.0, 1.5, 1.0, 1.2]), 30),
    (np.array([0, 5, 10, 30, 50]), np.array([2.0, 1.0, 1.5, 1.2, 1.1]), 40),
    (np.array([0, 10, 20, 30]), np.array([1.0, 0.5, 0.7, 0.6]), 100),
    (np.arange(0, 80, 10), np.array([3.0, 2.0, 1.0, 1.2, 0.9, 1.1, 1.3, 1.5]), 20),
    (np.arange(0, 80, 10), np.array([3.0, 2.0, 1.0, 1.2, 1.1, 1.05, 0.8, 0.7]), 25),
    (np.array([0, 5, 10, 30, 50, 90]), np.array([2.0, 1.0, 1.5, 1.0, 1.1, 1.2]), 40),
    (np.arange(7), np.array([2.0, 1.0, 1.1, 1.2, 1.3, 0.9, 0.8]), 3),
    (np.array([0, 10, 20]), np.array([0.6, 0.595, 0.59]), 10),
    (np.array([0, 10, 20]), np.array([2.0, 1.9998, 1.9996]), 10),
    (np.array([0, 10, 20]), np.array([0.0003, 0.0002, 0.0001]), 10),
    (np.arange(20), np.arange(20, 0, -1) * 1e-7, 3),
    (np.array([0, 10, 20]), np.array([3e6, 2e6, 1e6]), 20),
    (np.array([0, 10, 20]), np.array([1.0, -1.0, -2.0]), 20),
]


_SIZES = [(0.0, 0.1), (0.0, 1.0), (2e6, 1e4), (-5.0, 0.5), (2.0, 1e-3), (2.0, 2e-6)]  # lowest loss, steps up


def _drawn_course(rng: np.random.Generator) -> tuple[NDArray, NDArray, int]:
    """Losses that go up and down, by much or little, with ties; even or uneven steps; any patience."""
    length = int(rng.choice([1, 2, 3, 4, 6, 9, 15, 40]))
    gaps = rng.choice([1, 2, 5, 10], size=length) if rng.random() < 0.5 else np.full(length, 10)
    steps = rng.choice([0, 0, 7]) + np.cumsum(gaps) - gaps[0]
    lowest, gap = _SIZES[rng.integers(len(_SIZES))]
    losses = lowest + gap * rng.integers(1, rng.choice([3, 10, 50]), size=length)
    if rng.random() < 0.3:
        losses = np.sort(losses)[:: rng.choice([-1, 1])]
    reached = np.diff(steps[np.sort(rng.integers(length, size=2))])[0]
    return steps, losses, max(1, int(rng.choice([reached, reached, rng.integers(1, 40), 1000])))


def _course(stops: Callable[..., Any], better: Callable = np.less) -> Callable:
    """Early stopping that ends where `stops(steps, losses, now, best, patience)` says."""

    def stop_at(steps: NDArray, losses: NDArray, patience: int) -> tuple[int, int]:
        best = 0
        for now in range(len(steps)):
            if better(losses[now], losses[best]):
                best = now
            if stops(steps, losses, now, best, patience):
                break
        return steps[now], steps[best]

    return stop_at


def _stops_before_it_looks(steps: NDArray, losses: NDArray, patience: int) -> tuple[int, int]:
    best = 0
    for now in range(len(steps)):
        if steps[now] - steps[best] >= patience:
            break
        if losses[now] < losses[best]:
            best = now
    return steps[now], steps[best]


def _against_the_last(steps: NDArray, losses: NDArray, patience: int) -> tuple[int, int]:
    best = 0
    for now in range(len(steps)):
        if losses[now] < losses[max(now - 1, 0)]:
            best = now
        if steps[now] - steps[best] >= patience:
            break
    return steps[now], steps[best]


def _patience_is_out(steps: NDArray, losses: NDArray, now: int, best: int, patience: int) -> bool:
    return steps[now] - steps[best] >= patience


def _index(value: int, steps: NDArray) -> int:
    return int(np.flatnonzero(steps == value)[0])


_WRONG_STOP = {
    _course(lambda s, v, now, best, p: False): (
        "it never stops early, so patience has no effect. Leave the loop when the best step is `patience` "
        "or more steps ago."
    ),
    _course(lambda s, v, now, best, p: now > best): (
        "it stops at the first loss that is no better. A loss goes up and down: wait for `patience` steps."
    ),
    _course(lambda s, v, now, best, p: now - best >= p): (
        "your patience counts evaluations. It should count steps: steps[now] - steps[best]."
    ),
    _course(lambda s, v, now, best, p: now - best > p): (
        "your patience counts evaluations, and waits for one too many. It should count steps: "
        "steps[now] - steps[best] >= patience."
    ),
    _course(lambda s, v, now, best, p: now - best + 1 >= p): (
        "your counter counts evaluations, and the best one as well. Count the steps since the best one: "
        "steps[now] - steps[best]."
    ),
    _course(lambda s, v, now, best, p: now - best + (best == 0) >= p): (
        "your counter counts evaluations, and the first one as no better. Count the steps since the best "
        "one: steps[now] - steps[best]."
    ),
    _course(lambda s, v, now, best, p: s[now] - s[best] > p): (
        "it waits for one evaluation too many. Stop as soon as `patience` steps have passed: >=, not >."
    ),
    _course(lambda s, v, now, best, p: s[now] - s[best] >= p, np.less_equal): (
        "an equal loss is not a better one. A new best must be smaller: <, not <=."
    ),
    **{
        _course(_patience_is_out, lambda one, other, margin=float(margin): one < other - margin): (
            f"a loss that is lower by less than {margin} is a new best, too: losses[now] < losses[best]."
        )
        for margin in ("0.1", "0.01", "0.001", "0.0001", "0.00001")
    },
    _course(lambda s, v, now, best, p: s[now] - s[best] >= p, np.greater): (
        "this looks for the largest loss. The best loss is the smallest one."
    ),
    _course(lambda s, v, now, best, p: s[now] >= p): (
        "your patience counts from the start. It should count from the best step so far."
    ),
    _course(lambda s, v, now, best, p: now and v[now] > v[now - 1] and s[now] - s[best] >= p): (
        "it only stops where the loss is above the previous one. Compare with the best one only."
    ),
    _against_the_last: (
        "each loss is compared with the previous one. Compare it with the best one so far, losses[best]."
    ),
    _stops_before_it_looks: (
        "your loop stops before it looks at the new loss. First see whether that is a new best, and then "
        "whether patience has run out."
    ),
    _course(lambda s, v, now, best, p: s[now] - s[int(np.argmin(v))] >= p): (
        "it looks ahead. During training nobody knows the best of the whole run: use the best one so far."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[1], _stop_at(s, v, p)[0]): (
        "the two results are swapped: first the step where it stops, then the best one."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[0], _stop_at(s, v, p)[0]): (
        "the second result should be the best step, because its weights are the ones to keep."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[1], _stop_at(s, v, p)[1]): (
        "the first result should be the step where it stops, `patience` or more steps after the best one."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[0], s[int(np.argmin(v))]): (
        "the second result is the best step of the whole run. It should be the best one before it stops."
    ),
    lambda s, v, p: tuple(_index(each, s) for each in _stop_at(s, v, p)): (
        "these are places in the arrays. Return the steps that you find there: steps[now], steps[best]."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[0], v[_index(_stop_at(s, v, p)[1], s)]): (
        "the second result is the best loss. Return the step that it belongs to: steps[best]."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[1] + p, _stop_at(s, v, p)[1]): (
        "there may be no loss at best + patience, or the training may end before that. Return one of `steps`."
    ),
    lambda s, v, p: _stop_at(s, v, p)[0]: "return two numbers: the step where it stops, and the best one.",
}
