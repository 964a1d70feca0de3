"""Exercises of notebook 08: the loss, its gradient, a step with momentum."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_cross_entropy(attempt: Callable) -> Callable:
    """`cross_entropy(logits, targets)`: the mean of minus the log of the right token's share."""
    return judge("the cross-entropy", attempt, _cross_entropy, _PREDICTIONS, _WRONG_LOSS)


def check_logit_gradient(attempt: Callable) -> Callable:
    """`logit_gradient(logits, targets)`: the slope of the cross-entropy for every logit."""
    return judge("the gradient at the logits", attempt, _logit_gradient, _PREDICTIONS, _WRONG_GRADIENT)


def check_momentum_step(attempt: Callable) -> Callable:
    """`momentum_step(w, gradient, velocity, rate, momentum)`: the new weights and the new velocity."""
    return judge("a step with momentum", attempt, _momentum_step, _STEPS, _WRONG_STEP)


_rng = np.random.default_rng(8)
_PREDICTIONS = [
    (np.array([[2.0, 0.0, -1.0]]), np.array([0])),
    (np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 1.5]]), np.array([1, 2])),
    (_rng.normal(size=(4, 5)), np.array([4, 0, 0, 3])),
    (np.array([[1000.0, -1000.0], [-1000.0, -999.0]]), np.array([1, 1])),
]


def _rows(targets: NDArray) -> NDArray:
    return np.arange(len(targets))


def _log_sum(logits: NDArray) -> NDArray:
    highest = logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(logits - highest).sum(axis=-1)) + highest[:, 0]


def _each(logits: NDArray, targets: NDArray) -> NDArray:
    return _log_sum(logits) - logits[_rows(targets), targets]


def _cross_entropy(logits: NDArray, targets: NDArray) -> float:
    return _each(logits, targets).mean()


def _picked(values: NDArray, targets: NDArray) -> NDArray:
    return values[_rows(targets), targets]


_WRONG_LOSS = {
    lambda logits, targets: -np.log(_picked(softmax(logits), targets)).mean(): (
        "right for small logits, but a share that is rounded to 0 has no logarithm. "
        "Take log(sum of exp) - logit, with the largest logit subtracted before exp."
    ),
    lambda logits, targets: (
        np.log(np.exp(logits).sum(axis=-1)) - _picked(logits, targets)
    ).mean(): "right for small logits, but exp(1000) overflows. Subtract the largest logit first.",
    lambda logits, targets: -_cross_entropy(logits, targets): (
        "the sign: the log of a share is below 0, and a loss is above. Put a minus before it."
    ),
    lambda logits, targets: _each(logits, targets).sum(): "this is the sum. Take the mean over the places.",
    lambda logits, targets: _each(logits, targets): "one number for each place. Take their mean.",
    lambda logits, targets: _cross_entropy(logits, targets) / np.log(2): (
        "np.log2 gives bits. The loss of a training is in nats: np.log."
    ),
    lambda logits, targets: -_picked(logits, targets).mean(): (
        "the logits are not shares yet: where is the sum of all the exp?"
    ),
    lambda logits, targets: -_picked(softmax(logits), targets).mean(): (
        "this is minus the mean share. Take the logarithm of the share."
    ),
    lambda logits, targets: 1 - _picked(softmax(logits), targets).mean(): (
        "this is one minus the mean share. Take minus the logarithm of the share."
    ),
    lambda logits, targets: np.mean(logits.argmax(axis=-1) != targets): (
        "this counts mistakes. A count has no slope: use the logarithm of the share."
    ),
    lambda logits, targets: (_log_sum(logits) - logits.max(axis=-1)).mean(): (
        "this is the log share of the likeliest token. Take the share of the right one: targets says which."
    ),
    lambda logits, targets: (
        _log_sum(logits)[:, None] - logits
    ).mean(): "this takes the mean over all tokens. Only the right one counts: logits[i, targets[i]].",
    lambda logits, targets: -np.log(_picked(softmax(logits), targets).mean()): (
        "the logarithm of the mean is not the mean of the logarithms: log first, then mean."
    ),
}


def _hot(logits: NDArray, targets: NDArray) -> NDArray:
    return np.eye(logits.shape[1])[targets]


def _logit_gradient(logits: NDArray, targets: NDArray) -> NDArray:
    return (softmax(logits) - _hot(logits, targets)) / len(targets)


_WRONG_GRADIENT = {
    lambda logits, targets: softmax(logits) - _hot(logits, targets): (
        "right for one place. The loss is the mean over n places: divide by n."
    ),
    lambda logits, targets: -_logit_gradient(logits, targets): (
        "the sign: p - y. Raising the right logit makes the loss smaller, so its slope is below 0."
    ),
    lambda logits, targets: softmax(logits) / len(targets): "p alone. Subtract 1 at the right token: p - y.",
    lambda logits, targets: softmax(logits): "p alone. Subtract y (1 at the right token), and divide by n.",
    lambda logits, targets: (logits - _hot(logits, targets)) / len(targets): (
        "p is the softmax of the logits, not the logits."
    ),
    lambda logits, targets: (softmax(logits) - _hot(logits, targets)) / logits.size: (
        "divided by all entries. Divide by the number of places: len(targets)."
    ),
    lambda logits, targets: (softmax(logits) - _hot(logits, targets)) / logits.shape[1]: (
        "divided by the number of tokens. Divide by the number of places: len(targets)."
    ),
    lambda logits, targets: (softmax(logits, axis=0) - _hot(logits, targets)) / len(targets): (
        "softmax along the wrong axis: every row is a place, its shares sum to 1."
    ),
    lambda logits, targets: (softmax(logits) - _hot(logits, logits.argmax(-1))) / len(targets): (
        "y marks the likeliest token here. It marks the right one: targets."
    ),
    lambda logits, targets: ((softmax(logits) - _hot(logits, targets)) / len(targets)).sum(axis=0): (
        "summed over the places: that is the gradient of the output bias. Keep a row for each place."
    ),
    lambda logits, targets: (softmax(logits) - targets[:, None]) / len(targets): (
        "targets are the numbers of tokens. y is a row of 0 with a 1 there: np.eye(...)[targets]."
    ),
}

_STEPS = [
    (np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([0.0, 0.0]), 0.1, 0.9),
    (np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([2.0, -1.0]), 0.1, 0.9),
    (_rng.normal(size=(3, 2)), _rng.normal(size=(3, 2)), _rng.normal(size=(3, 2)), 0.03, 0.5),
    (np.array([0.0]), np.array([-4.0]), np.array([3.0]), 0.25, 0.0),
]


def _momentum_step(w: NDArray, gradient: NDArray, velocity: NDArray, rate: float, momentum: float) -> tuple:
    velocity = momentum * velocity + gradient
    return w - rate * velocity, velocity


_WRONG_STEP = {
    lambda w, g, v, rate, m: (
        w - rate * g,
        g,
    ): "this is plain gradient descent: the old velocity is not used.",
    lambda w, g, v, rate, m: (w - rate * g, m * v + g): (
        "the velocity is right, but the weights move along the gradient. Move them along the new velocity."
    ),
    lambda w, g, v, rate, m: (w - rate * v, m * v + g): (
        "the weights move along the old velocity. Compute the new one first."
    ),
    lambda w, g, v, rate, m: (w + rate * (m * v + g), m * v + g): (
        "this goes uphill: subtract, the gradient points to where the loss grows."
    ),
    lambda w, g, v, rate, m: (w - (m * v + rate * g), m * v + rate * g): (
        "the rate is inside the velocity. Here it multiplies the whole velocity, as in PyTorch."
    ),
    lambda w, g, v, rate, m: (w - rate * (m * v + (1 - m) * g), m * v + (1 - m) * g): (
        "this is a mean (with 1 - momentum), as Adam keeps it. Here the gradient is added whole."
    ),
    lambda w, g, v, rate, m: (
        w - rate * (v + g),
        v + g,
    ): "the old velocity is not damped: momentum * v.",
    lambda w, g, v, rate, m: (w - rate * (v + m * g), v + m * g): (
        "momentum multiplies the old velocity, not the gradient."
    ),
    lambda w, g, v, rate, m: (m * v + g, w - rate * (m * v + g)): (
        "the other way round: the weights come first, then the velocity."
    ),
    lambda w, g, v, rate, m: w - rate * (m * v + g): "return both: the new weights and the new velocity.",
    lambda w, g, v, rate, m: (
        w - (m * v + g),
        m * v + g,
    ): "the learning rate is missing: w - rate * velocity.",
    lambda w, g, v, rate, m: (w - rate * (m * v - g), m * v - g): (
        "the velocity collects the gradient with a plus; the minus comes when the weights move."
    ),
}
