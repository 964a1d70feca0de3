"""Exercises of notebook 10: a schedule, and early stopping."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_warmup_cosine(attempt: Callable) -> Callable:
    """`warmup_cosine(step, steps, peak, warmup)`: the learning rate of a step."""
    return judge("a warm-up, then a cosine", attempt, _warmup_cosine, _PLACES, _WRONG_RATE)


def check_stop_at(attempt: Callable) -> Callable:
    """`stop_at(steps, losses, patience)`: the step where early stopping ends, and the best step."""
    return judge("early stopping", attempt, _stop_at, _COURSES, _WRONG_STOP)


# Exercise 1: a schedule


def _down(share: float) -> float:
    """Half a cosine, from 1 to 0."""
    return (1 + np.cos(np.pi * share)) / 2


def _warmup_cosine(step: int, steps: int, peak: float, warmup: int) -> float:
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * _down((step - warmup) / (steps - warmup))


_PLACES = [
    *((step, 150, 0.02, 30) for step in (0, 1, 14, 29, 30, 31, 90, 149, 150)),
    *((step, 100, 1.0, 0) for step in (0, 50, 100)),
]


def _rise(up: Callable, down: Callable) -> Callable:
    """A schedule of two parts: `up` while step < warmup, then `down`."""
    return lambda step, steps, peak, warmup: (up if step < warmup else down)(step, steps, peak, warmup)


def _up(step: int, steps: int, peak: float, warmup: int) -> float:
    return peak * (step + 1) / warmup


def _cosine(step: int, steps: int, peak: float, warmup: int) -> float:
    return peak * _down((step - warmup) / (steps - warmup))


_WRONG_RATE = {
    _rise(lambda i, n, p, w: p * i / w, _cosine): (
        "step 0 has a learning rate of 0, so its batch is wasted. The first step takes 1 / warmup: step + 1."
    ),
    _rise(lambda i, n, p, w: p * (i + 1) / (w + 1), _cosine): (
        "the warm-up never quite gets to the peak: its last step, number warmup - 1, must have it. "
        "Divide by warmup."
    ),
    _rise(_up, lambda i, n, p, w: p * _down(i / n)): (
        "the cosine must begin where the warm-up ends, or the rate jumps there: step - warmup."
    ),
    _rise(_up, lambda i, n, p, w: p * _down((i - w) / n)): (
        "the cosine does not get down to 0: from the peak it has only steps - warmup steps left."
    ),
    _rise(_up, lambda i, n, p, w: 2 * _cosine(i, n, p, w)): (
        "1 + cos goes from 2 to 0: the half is missing, so the rate jumps to twice the peak."
    ),
    _rise(_up, lambda i, n, p, w: p * np.cos(np.pi * (i - w) / (n - w))): (
        "cos goes from 1 to -1, so the rate gets below 0: you would walk uphill. Take (1 + cos) / 2."
    ),
    _rise(_up, lambda i, n, p, w: p * np.cos(np.pi / 2 * (i - w) / (n - w))): (
        "this is a quarter of a cosine: it falls fastest at the end. Take (1 + cos) / 2 over half a turn."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 - np.cos(np.pi * (i - w) / (n - w))) / 2): (
        "after the warm-up the rate falls to 0 at once and rises again: 1 + cos, not 1 - cos."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 + np.cos(2 * np.pi * (i - w) / (n - w))) / 2): (
        "a whole turn comes back to the peak at the end. Half a turn is pi."
    ),
    _rise(_up, lambda i, n, p, w: p * (1 + np.cos(180 * (i - w) / (n - w))) / 2): (
        "np.cos counts angles in radians: half a turn is np.pi, not 180."
    ),
    _rise(_up, lambda i, n, p, w: p * (n - i) / (n - w)): (
        "this goes down in a straight line. The cosine is flat at both ends."
    ),
    _rise(_up, lambda i, n, p, w: p): "the warm-up is right, but then the rate stays at the peak.",
    _rise(_cosine, _cosine): "the warm-up is missing: while step < warmup, the rate rises in a line.",
    _rise(lambda i, n, p, w: _up(i, n, 1, w), lambda i, n, p, w: _cosine(i, n, 1, w)): (
        "this is the factor, from 0 to 1. Multiply it by peak."
    ),
    _rise(lambda i, n, p, w: _up(i, n, p, w) * _down(i / n), _cosine): (
        "the warm-up is a straight line alone: the cosine comes after it, not on top of it."
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
    (np.arange(0, 80, 10), np.array([3.0, 2.0, 1.0, 1.2, 0.9, 1.1, 1.3, 1.5]), 20),
    (np.arange(0, 80, 10), np.array([3.0, 2.0, 1.0, 1.2, 0.9, 1.1, 1.3, 1.5]), 10),
    (np.arange(0, 80, 10), np.array([3.0, 2.0, 1.0, 1.2, 1.1, 1.05, 0.8, 0.7]), 25),
    (np.arange(0, 60, 10), np.array([3.0, 2.5, 2.0, 1.5, 1.2, 1.0]), 20),
    (np.array([0, 5, 10, 30, 50, 90]), np.array([2.0, 1.0, 1.5, 1.0, 1.1, 1.2]), 40),
    (np.arange(0, 50, 10), np.array([1.0, 0.5, 0.7, 0.6, 0.8]), 100),
    (np.arange(7), np.array([2.0, 1.0, 1.1, 1.2, 1.3, 0.9, 0.8]), 3),
]


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


def _index(value: int, steps: NDArray) -> int:
    return int(np.flatnonzero(steps == value)[0])


_WRONG_STOP = {
    _course(lambda s, v, now, best, p: False): (
        "it never stops: patience is not used. Leave the loop when the best is `patience` steps ago."
    ),
    _course(lambda s, v, now, best, p: now > best): (
        "it stops at the first loss that is no better. A loss goes up and down: wait `patience` steps."
    ),
    _course(lambda s, v, now, best, p: now - best >= p): (
        "this counts evaluations. Patience is in steps: steps[now] - steps[best]."
    ),
    _course(lambda s, v, now, best, p: s[now] - s[best] > p): (
        "it waits for one evaluation too many: stop when `patience` steps have passed, so >=, not >."
    ),
    _course(lambda s, v, now, best, p: s[now] - s[best] >= p, np.less_equal): (
        "the same loss again is not better: a new best must be smaller."
    ),
    _course(lambda s, v, now, best, p: s[now] >= p): (
        "this counts from the start. Patience counts from the best step so far."
    ),
    _course(lambda s, v, now, best, p: now and v[now] > v[now - 1] and s[now] - s[best] >= p): (
        "it only stops where the loss is above the one before. Compare with the best one alone."
    ),
    _course(lambda s, v, now, best, p: s[now] - s[int(np.argmin(v))] >= p): (
        "it looks ahead: the best of the whole run is not known while you train. "
        "Keep the best of those seen so far."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[1], _stop_at(s, v, p)[0]): (
        "the two are swapped: first where it stops, then the best step."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[0], _stop_at(s, v, p)[0]): (
        "the weights to keep are those of the best step, not of the last one."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[1], _stop_at(s, v, p)[1]): (
        "it stops later than at the best step: only after `patience` more steps it is known to be the best."
    ),
    lambda s, v, p: tuple(_index(each, s) for each in _stop_at(s, v, p)): (
        "these are places in the lists. Return the steps that stand there: steps[now], steps[best]."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[0], v[_index(_stop_at(s, v, p)[1], s)]): (
        "the second is the best loss. Return the step where it was: steps[best]."
    ),
    lambda s, v, p: (_stop_at(s, v, p)[1] + p, _stop_at(s, v, p)[1]): (
        "best + patience need not be a step where the loss was measured, and may lie behind the end."
    ),
    lambda s, v, p: _stop_at(s, v, p)[0]: "return two numbers: the step where it stops, and the best step.",
}
