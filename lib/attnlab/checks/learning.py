"""Exercises of notebook 08: the loss, its gradient, a step with momentum."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_cross_entropy(attempt: Callable) -> Callable:
    """`cross_entropy(logits, targets)`: the mean of minus the log of the right token's share."""
    return judge("the cross-entropy", attempt, _cross_entropy, _PREDICTIONS, _WRONG_LOSS, _prediction)


def check_logit_gradient(attempt: Callable) -> Callable:
    """`logit_gradient(logits, targets)`: the slope of the cross-entropy for every logit."""
    title = "the gradient at the logits"
    return judge(title, attempt, _logit_gradient, _PREDICTIONS, _WRONG_GRADIENT, _prediction)


def check_momentum_step(attempt: Callable) -> Callable:
    """`momentum_step(w, gradient, velocity, rate, momentum)`: the new weights and the new velocity."""
    return judge("a step with momentum", attempt, _momentum_step, _STEPS, _WRONG_STEP, _step)


# Exercises 1 and 2: the loss, and its gradient

_PREDICTIONS = [
    (np.array([[2.0, 0.0, -1.0]]), np.array([0])),
    (np.array([[2, 0, -1]]), np.array([2])),
    (np.array([[0.25, 1.75]]), np.array([0])),
    (np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 3.0]]), np.array([1, 1, 0])),
    (np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 1.5]]), np.array([1, 2])),
    (np.array([[1000.0, -1000.0], [-1000.0, -999.0]]), np.array([1, 1])),
    (np.array([[0.0, 500.0], [-1500.0, -2000.0]]), np.array([0, 1])),
    (np.zeros((1, 12)), np.array([11])),
    (np.array([[0.0, 800.0]]), np.array([1])),
]


def _prediction(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """1 to 8 places, 1 to 12 tokens, repeated targets; every third time with logits of many hundreds."""
    n, c = rng.integers(1, 9), rng.choice([*range(1, 13), 10])
    logits = rng.integers(-200, 201, size=(n, c)) / 100.0
    targets = rng.integers(c, size=n)
    if rng.random() < 1 / 3:
        logits = 500 * logits + 1000 * rng.integers(-1, 2, size=(n, 1))  # rows far above and below others
        logits[0, 0] = logits[0].max() + 500
        targets[0] = logits[0].argmin()  # a loss that is large
    return logits, targets


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


def _padded(tiny: float) -> Callable:
    """The loss with `tiny` added to each share, so that there is always a logarithm."""
    return lambda logits, targets: -np.log(_picked(softmax(logits), targets) + tiny).mean()


def _floored(tiny: float) -> Callable:
    """The loss with no share below `tiny`."""
    return lambda logits, targets: -np.log(np.clip(_picked(softmax(logits), targets), tiny, 1)).mean()


_WRONG_LOSS = {
    lambda logits, targets: _with_start(logits, targets, abs(logits).max(axis=-1)): (
        "this subtracts the largest size of a row, not its largest logit. For a row far below 0 only "
        "exp(...) = 0 is left. Drop the absolute value: logits.max(axis=-1)."
    ),
    lambda logits, targets: _with_start(logits, targets, logits.mean(axis=-1)): (
        "right for small logits, but exp overflows for a logit that is far above the mean of its row. "
        "Subtract the largest logit of the row, not the mean."
    ),
    lambda logits, targets: _with_start(logits, targets, logits.min(axis=-1)): (
        "you subtract the smallest logit of the row, so exp overflows. Subtract the largest one."
    ),
    **{
        _padded(tiny): (
            f"{tiny:g} is added to the shares, so every loss is a little wrong, and none is above "
            f"{-np.log(tiny):.0f}. Do without the share: log(sum of exp) - logit."
        )
        for tiny in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
    },
    **{
        _floored(tiny): (
            f"no share is below {tiny:g}, so no loss is above {-np.log(tiny):.0f}, however wrong the "
            "layer is. Do without the share: log(sum of exp) - logit."
        )
        for tiny in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)
    },
    lambda logits, targets: _each(logits, targets)[0]: (
        "this is the loss of the first place only. Is the `return` inside the loop?"
    ),
    lambda logits, targets: _each(logits, targets)[0] / len(targets): (
        "this is the loss of the first place, divided by n. Is the `return` inside the loop?"
    ),
    lambda logits, targets: _each(logits, targets)[-1] / len(targets): (
        "only the last place counts. Add up the losses in your loop: += instead of =."
    ),
    lambda logits, targets: _each(logits, targets)[-1]: (
        "this is the loss of the last place only. Add up the losses of all places, and divide by n."
    ),
    lambda logits, targets: -np.log(_picked(softmax(logits), targets)).mean(): (
        "right for small logits, but a share that is rounded to 0 has no logarithm. "
        "Use log(sum of exp) - logit, and subtract the largest logit before exp."
    ),
    lambda logits, targets: (
        np.log(np.exp(logits).sum(axis=-1)) - _picked(logits, targets)
    ).mean(): "right for small logits, but exp(1000) overflows. Subtract the largest logit of the row first.",
    lambda logits, targets: (_log_sum_from(logits, logits.max()) - _picked(logits, targets)).mean(): (
        "right where the rows are alike. You subtract the largest logit of the whole table, so a row far "
        "below it has only exp(...) = 0. Subtract the largest logit of each row: max(axis=-1)."
    ),
    lambda logits, targets: (_each(logits, targets) - logits.max(axis=-1)).mean(): (
        "you subtract the largest logit before exp, but never add it back: m + log(sum of exp(z - m))."
    ),
    lambda logits, targets: -_cross_entropy(logits, targets): (
        "the sign is wrong: the log of a share is negative, and a loss is positive. Put a minus before it."
    ),
    lambda logits, targets: _each(logits, targets).sum(): "this is the sum. Take the mean over the places.",
    lambda logits, targets: _each(logits, targets): ("this is one number for each place. Take their mean."),
    lambda logits, targets: _each(logits, targets).sum() / logits.size: (
        "you divide by the number of all logits. The mean is over the places: len(targets)."
    ),
    lambda logits, targets: (_log_sum(logits)[:, None] - logits[:, targets]).mean(): (
        "logits[:, targets] takes all targets from each row. logits[np.arange(n), targets] takes one per row."
    ),
    lambda logits, targets: -np.log(_picked(softmax(logits, axis=0), targets)).mean(): (
        "the shares are taken down the columns. Every row is a place, and its shares sum to 1: axis=-1."
    ),
    lambda logits, targets: _cross_entropy(logits, targets) / np.log(2): (
        "np.log2 gives bits. A loss uses the natural logarithm: np.log."
    ),
    lambda logits, targets: _cross_entropy(logits, targets) / np.log(10): (
        "np.log10 is the logarithm to base 10. A loss uses the natural logarithm: np.log."
    ),
    lambda logits, targets: -_picked(logits, targets).mean(): (
        "logits are not shares yet: where is the sum of all the exp?"
    ),
    lambda logits, targets: -_picked(softmax(logits), targets).mean(): (
        "this is minus the mean share. Take the logarithm of the share."
    ),
    lambda logits, targets: 1 - _picked(softmax(logits), targets).mean(): (
        "this is one minus the mean share. Take minus the logarithm of the share."
    ),
    lambda logits, targets: np.mean(logits.argmax(axis=-1) != targets): (
        "this counts mistakes, and a count has no slope. Use the logarithm of the share."
    ),
    lambda logits, targets: (_log_sum(logits) - logits.max(axis=-1)).mean(): (
        "this is the loss for the likeliest token. Use the right one: `targets` says which it is."
    ),
    lambda logits, targets: (
        _log_sum(logits)[:, None] - logits
    ).mean(): "this is the mean over all tokens. Only the right one counts: logits[i, targets[i]].",
    lambda logits, targets: -np.log(_picked(softmax(logits), targets).mean()): (
        "the logarithm of the mean is not the mean of the logarithms. Take the log first, then the mean."
    ),
}


def _log_sum_from(logits: NDArray, start: float) -> NDArray:
    """The log of the sum of exp, with one number subtracted everywhere."""
    return np.log(np.exp(logits - start).sum(axis=-1)) + start


def _with_start(logits: NDArray, targets: NDArray, start: NDArray) -> float:
    """The loss, with a number of its own subtracted in each row."""
    sums = np.exp(logits - start[:, None]).sum(axis=-1)
    return (np.log(sums) + start - _picked(logits, targets)).mean()


def _hot(logits: NDArray, targets: NDArray) -> NDArray:
    return np.eye(logits.shape[1])[targets]


def _logit_gradient(logits: NDArray, targets: NDArray) -> NDArray:
    return (softmax(logits) - _hot(logits, targets)) / len(targets)


def _minus_one_everywhere(logits: NDArray, targets: NDArray) -> NDArray:
    """1 subtracted at every target of the batch, in every row."""
    shares = softmax(logits)
    shares[:, targets] -= 1
    return shares / len(targets)


def _into_whole(logits: NDArray, targets: NDArray) -> NDArray:
    """Row by row into np.zeros_like(logits), and divided in place at the end."""
    slopes = softmax(logits).astype(logits.dtype)
    slopes[_rows(targets), targets] -= 1
    slopes /= len(targets)
    return slopes


_WRONG_GRADIENT = {
    lambda logits, targets: _logit_gradient(logits, targets).astype(logits.dtype): (
        "np.zeros_like of whole numbers holds whole numbers, so fractions are cut off. Use "
        "np.zeros(logits.shape)."
    ),
    lambda logits, targets: (softmax(logits).astype(logits.dtype) - _hot(logits, targets)) / len(targets): (
        "np.zeros_like of whole numbers holds whole numbers, so the shares become 0. Use "
        "np.zeros(logits.shape)."
    ),
    _into_whole: "an array of whole numbers cannot hold fractions. Start from np.zeros(logits.shape).",
    lambda logits, targets: (softmax(logits) - np.eye(10)[targets]) / len(targets): (
        "np.eye(10) is for ten tokens only. The number of tokens is c = logits.shape[1]: np.eye(c)[targets]."
    ),
    lambda logits, targets: softmax(logits) - _hot(logits, targets): (
        "right for one place. The loss is the mean over n places: divide by n."
    ),
    lambda logits, targets: -_logit_gradient(logits, targets): (
        "the sign is wrong: it is p - y. Raising the right logit lowers the loss, so its slope is negative."
    ),
    lambda logits, targets: softmax(logits) / len(targets): (
        "this is p / n. Subtract 1 at the right token: (p - y) / n."
    ),
    lambda logits, targets: softmax(logits): (
        "this is p. Subtract y (1 at the right token), and divide by n: (p - y) / n."
    ),
    lambda logits, targets: softmax(logits) - _hot(logits, targets) / len(targets): (
        "only y is divided by n. Mind the brackets: (p - y) / n."
    ),
    lambda logits, targets: softmax(logits) / len(targets) - _hot(logits, targets): (
        "only p is divided by n. Mind the brackets: (p - y) / n."
    ),
    _minus_one_everywhere: (
        "p[:, targets] -= 1 subtracts in every row. Subtract 1 once per row: p[np.arange(n), targets] -= 1."
    ),
    lambda logits, targets: -_hot(logits, targets) / softmax(logits) / len(targets): (
        "this is the slope for the shares. Go on through the softmax, to the logits: p - y."
    ),
    lambda logits, targets: softmax(logits) * (1 - softmax(logits)) / len(targets): (
        "p * (1 - p) is the slope of a share. The slope of the loss is p - y."
    ),
    lambda logits, targets: (logits - _hot(logits, targets)) / len(targets): (
        "p is the softmax of the logits, not the logits."
    ),
    lambda logits, targets: (softmax(logits) - _hot(logits, targets)) / logits.size: (
        "you divide by the number of all logits. Divide by the number of places: len(targets)."
    ),
    lambda logits, targets: (softmax(logits) - _hot(logits, targets)) / logits.shape[1]: (
        "you divide by the number of tokens. Divide by the number of places: len(targets)."
    ),
    lambda logits, targets: (softmax(logits, axis=0) - _hot(logits, targets)) / len(targets): (
        "softmax runs along the wrong axis. Every row is a place, and its shares sum to 1."
    ),
    lambda logits, targets: (softmax(logits) - _hot(logits, logits.argmax(-1))) / len(targets): (
        "y marks the likeliest token here. It marks the right one: targets."
    ),
    lambda logits, targets: ((softmax(logits) - _hot(logits, targets)) / len(targets)).sum(axis=0): (
        "this is summed over the places, as for the bias of the output. Keep one row for each place."
    ),
    lambda logits, targets: (softmax(logits) - targets[:, None]) / len(targets): (
        "targets holds ids. y is a row of 0 with a 1 at the right id: np.eye(c)[targets]."
    ),
}


# Exercise 3: a step with momentum

_STEPS = [
    (np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([0.0, 0.0]), 0.1, 0.9),
    (np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([2.0, -1.0]), 0.1, 0.9),
    (np.array([[1.0, 0.0], [2.0, -1.0]]), np.array([[0.0, 3.0], [1.0, 1.0]]), np.eye(2), 0.5, 0.5),
    (np.array([0.0]), np.array([-4.0]), np.array([3.0]), 0.25, 0.0),
    (np.array([1.0]), np.array([1]), np.array([0.5]), 0.5, 0.5),
    (np.array([2.0]), np.array([60.0]), np.array([0.0]), 0.5, 0.5),
    (np.array([0.0]), np.array([0.0002]), np.array([0.0004]), 0.5, 0.999),
]


def _step(rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray, float, float]:
    """Vectors and matrices from one number on; large and tiny gradients; rates around 1; a momentum of 0."""
    shape = tuple(rng.integers(1, 5, size=rng.integers(1, 3)))
    size = rng.choice([1.0, 1.0, 1000.0, 1e-4 / 3])
    w, gradient, velocity = (rng.integers(-12, 13, size=shape) * size / 4 for _ in range(3))
    rate, momentum = rng.choice([0.01, 0.1, 0.25, 0.5, 2.0]), rng.choice([0.0, 0.25, 0.5, 0.9, 0.99])
    return w, gradient, velocity, float(rate), float(momentum)


def _momentum_step(w: NDArray, gradient: NDArray, velocity: NDArray, rate: float, momentum: float) -> tuple:
    velocity = momentum * velocity + gradient
    return w - rate * velocity, velocity


def _in_whole_numbers(
    w: NDArray, gradient: NDArray, velocity: NDArray, rate: float, momentum: float
) -> tuple:
    """Entry by entry into np.zeros_like(gradient)."""
    velocity = (momentum * velocity + gradient).astype(gradient.dtype)
    return w - rate * velocity, velocity


_WRONG_STEP = {
    _in_whole_numbers: (
        "np.zeros_like of whole numbers holds whole numbers, so fractions are cut off. No loop is needed: "
        "momentum * velocity + gradient works on whole arrays."
    ),
    lambda w, g, v, rate, m: tuple(each.astype(g.dtype) for each in _momentum_step(w, g, v, rate, m)): (
        "np.zeros_like of whole numbers holds whole numbers. Start from np.zeros(w.shape), or better, "
        "compute with whole arrays."
    ),
    lambda w, g, v, rate, m: (w - rate * g, g): (
        "this is plain gradient descent: the old velocity is not used."
    ),
    lambda w, g, v, rate, m: (w - rate * g, m * v + g): (
        "the velocity is right, but the weights move along the gradient. Move them along the new velocity."
    ),
    lambda w, g, v, rate, m: (w - rate * v, m * v + g): (
        "the weights move along the old velocity. Compute the new one first."
    ),
    lambda w, g, v, rate, m: (w - rate * (m * v + g), v): (
        "the weights are right, but you return the old velocity. Return the new one."
    ),
    lambda w, g, v, rate, m: (w + rate * (m * v + g), m * v + g): (
        "this goes uphill: the gradient points to where the loss grows. Subtract."
    ),
    lambda w, g, v, rate, m: (w - (m * v + rate * g), m * v + rate * g): (
        "the rate is inside the velocity. Here it multiplies the whole velocity, as in PyTorch."
    ),
    lambda w, g, v, rate, m: (w + m * v - rate * g, m * v - rate * g): (
        "this is a different convention, with -rate * gradient in the velocity. Here it is "
        "momentum * velocity + gradient, and the weights move by -rate * velocity."
    ),
    lambda w, g, v, rate, m: (w - rate * (m * (m * v + g) + g), m * v + g): (
        "this is Nesterov's step: it adds the gradient once more. Move along the new velocity only."
    ),
    lambda w, g, v, rate, m: (w - rate * m * (v + g), m * (v + g)): (
        "momentum multiplies the new gradient, too. Only the old velocity is damped: momentum * velocity."
    ),
    lambda w, g, v, rate, m: (w - rate * (m * v + (1 - m) * g), m * v + (1 - m) * g): (
        "this is a mean (with 1 - momentum), as Adam keeps it. Here the gradient is added whole."
    ),
    lambda w, g, v, rate, m: (w - rate * (v + g), v + g): (
        "the old velocity is not damped. Multiply it: momentum * velocity."
    ),
    lambda w, g, v, rate, m: (w - rate * (v + m * g), v + m * g): (
        "momentum multiplies the old velocity, not the gradient."
    ),
    lambda w, g, v, rate, m: (m * v + g, w - rate * (m * v + g)): (
        "the two are swapped: return the weights first, then the velocity."
    ),
    lambda w, g, v, rate, m: w - rate * (m * v + g): "return both: the new weights and the new velocity.",
    lambda w, g, v, rate, m: (w - (m * v + g), m * v + g): (
        "the learning rate is missing: w - rate * velocity."
    ),
    lambda w, g, v, rate, m: (w - rate * (m * v - g), m * v - g): (
        "the velocity adds up the gradients. The minus comes later, when the weights move."
    ),
}
