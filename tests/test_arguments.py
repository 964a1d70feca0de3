"""What comes in, over all of the maths: masked arrays, torch tensors, NumPy's error state, raw messages."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from attnlab import scale, tasks
from attnlab.attention import (
    alibi_bias,
    apply_mask,
    causal_mask,
    multi_head_attention,
    padding_mask,
    rotate,
    scaled_dot_product_attention,
    sinusoidal_positions,
    softmax,
)
from attnlab.attention.numbers import real_number, whole_number
from attnlab.models import Config, Transformer, ablate, patch
from attnlab.tasks import Data, Task
from attnlab.tokens import BytePairTokenizer, WordTokenizer, frames, patches, spectrogram, words
from attnlab.training import early_stop, fit, resume

X = np.random.default_rng(0).normal(size=(4, 4))
SEEN = np.tri(4, dtype=bool)
TASK = tasks.reverse(length=4, train=32, validation=8)
MODEL = Transformer(Config(5, 6, d_model=4))
IDS = torch.tensor([[1, 2, 3]])
PAIRS = BytePairTokenizer.train("abab abc abc", 258)


def hiding(values: NDArray, hidden: NDArray | None = None) -> np.ma.MaskedArray:
    """A masked array that hides its first entry, or these."""
    if hidden is None:
        hidden = np.arange(values.size).reshape(values.shape) == 0
    return np.ma.masked_array(values, mask=hidden)


# ── masked arrays ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_masked_array_hides_is_not_attended_to() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    weights = softmax(hiding(scores))
    assert type(weights) is np.ndarray and weights[0].tolist() == [0, 1]
    np.testing.assert_array_equal(weights[1], softmax(scores[1]))


@pytest.mark.parametrize(
    "given", [X, X.astype(np.float32), np.arange(16).reshape(4, 4)], ids=["64", "32", "int"]
)
def test_a_masked_array_is_as_minus_infinity(given: NDArray) -> None:
    open_scores = np.where(SEEN, given, -np.inf)
    masked = hiding(given, ~SEEN)
    np.testing.assert_array_equal(softmax(masked), softmax(open_scores))
    assert softmax(masked).dtype == softmax(given).dtype
    np.testing.assert_array_equal(apply_mask(masked, np.ones((4, 4), bool)), open_scores)
    np.testing.assert_array_equal(softmax(masked.T, axis=0), softmax(open_scores).T)


def test_what_is_hidden_may_be_no_number_and_a_row_may_not_be_hidden() -> None:
    assert softmax(hiding(np.array([np.nan, 1.0]))).tolist() == [0, 1]
    assert softmax(np.ma.masked_invalid([np.inf, 1.0])).tolist() == [0, 1]
    with pytest.raises(ValueError, match="row 1 nothing to attend to"):
        softmax(hiding(X, np.eye(4, dtype=bool)[1][:, None] & np.ones(4, dtype=bool)))


def test_a_masked_array_that_hides_nothing_is_an_array() -> None:
    plain = np.ma.masked_array(X)
    np.testing.assert_array_equal(softmax(plain), softmax(X))
    found = scaled_dot_product_attention(plain, plain, plain, np.ma.masked_array(SEEN))
    np.testing.assert_array_equal(found.output, scaled_dot_product_attention(X, X, X, SEEN).output)


REFUSED: dict[str, tuple[str, Callable[[], Any]]] = {
    "a list of them": ("scores", lambda: softmax([hiding(X[0]), X[1]])),
    "np.ma.masked in a list": ("scores", lambda: softmax([[np.ma.masked, 1.0]])),
    "q": ("q", lambda: scaled_dot_product_attention(hiding(X), X, X)),
    "k": ("k", lambda: scaled_dot_product_attention(X, hiding(X), X)),
    "v": ("v", lambda: scaled_dot_product_attention(X, X, hiding(X))),
    "mask": ("mask", lambda: apply_mask(X, hiding(SEEN))),
    "mask of attention": ("mask", lambda: scaled_dot_product_attention(X, X, X, hiding(SEEN))),
    "mask of heads": ("mask", lambda: multi_head_attention(X[None], X, X, X, X, 2, hiding(SEEN[None]))),
    "x": ("x", lambda: multi_head_attention(hiding(X), X, X, X, X, 2)),
    "w_o": ("w_o", lambda: multi_head_attention(X, X, X, X, hiding(X), 2)),
    "q_or_k": ("q_or_k", lambda: rotate(hiding(X), np.arange(4))),
    "positions": ("positions", lambda: rotate(X, hiding(np.arange(4)))),
    "lengths": ("lengths", lambda: padding_mask(hiding(np.array([1, 2])), 3)),
    "image": ("image", lambda: patches(hiding(X), 2)),
    "signal": ("signal", lambda: frames(hiding(X[0]), 2)),
    "spectrogram": ("signal", lambda: spectrogram(hiding(X[0]), 2)),
    "inputs": ("inputs", lambda: Data(hiding(np.eye(2, dtype=int)), np.eye(2, dtype=int), SEEN[:2, :2])),
    "counted": ("counted", lambda: Data(np.eye(2, dtype=int), np.eye(2, dtype=int), hiding(SEEN[:2, :2]))),
    "indices": ("indices", lambda: TASK.train.take(hiding(np.array([1, 2])))),
    "weights": ("weights", lambda: TASK.attended(hiding(np.ones((8, 4, 4))), TASK.validation)),
    "losses": ("losses", lambda: early_stop([0, 1], hiding(X[0, :2]), 1)),
    "parameters": ("parameters", lambda: scale.loss_law(hiding(np.array([1e9, 1e10])), 1e9)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_elsewhere_a_masked_array_is_refused_in_words(case: str) -> None:
    name, call = REFUSED[case]
    with pytest.raises(
        ValueError, match=rf"^{name} is a masked array that hides some entries.*{name}\.filled"
    ):
        call()


# ── torch tensors ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(4, 4, requires_grad=True),
        torch.ones(4, 4, dtype=torch.bfloat16),
        torch.ones(4, 4, device="meta"),
    ],
    ids=["with a history", "16 bits", "elsewhere"],
)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("scores", softmax),
        ("q", lambda x: scaled_dot_product_attention(x, X, X)),
        ("q_or_k", lambda x: rotate(x, np.arange(4))),
        ("image", lambda x: patches(x, 2)),
        ("signal", lambda x: frames(x, 2)),
        ("mask", lambda x: apply_mask(X, x)),
        ("inputs", lambda x: Data(x, x, x)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_tensor_that_is_no_array_is_refused_in_words(tensor: Any, name: str, call: Callable) -> None:
    with pytest.raises(
        TypeError, match=rf"^{name} cannot be read as an array .*pass {name}\.detach\(\)\.cpu"
    ):
        call(tensor)


def test_a_plain_tensor_is_an_array() -> None:
    np.testing.assert_array_equal(softmax(torch.from_numpy(X)), softmax(X))


# ── NumPy's error state ─────────────────────────────────────────────────────────────────────────────────────

FAR = np.array([[0.0, -800.0, -1e308], [1e-300, 1e300, -1e308]])
TINY = np.full((2, 4), 1e-200)
ANY_STATE: dict[str, Callable[[], Any]] = {
    "softmax": lambda: softmax(FAR),
    "softmax, cold": lambda: softmax([1e300, -1e300, 0.0], temperature=1e-10),
    "softmax, float32": lambda: softmax(np.float32([0, -100, -1000]), temperature=1e-3),
    "softmax, masked": lambda: softmax([[0.0, -np.inf], [-np.inf, -800.0]]),
    "apply_mask": lambda: apply_mask(FAR, np.tri(2, 3, dtype=bool)),
    "attention": lambda: scaled_dot_product_attention(X * 40, X * 40, X),
    "attention, tiny": lambda: scaled_dot_product_attention(TINY, TINY, TINY),
    "heads": lambda: multi_head_attention(X * 40, X, X, X, X, 2),
    "heads, tiny": lambda: multi_head_attention(TINY, X * 1e-200, X, X, X * 1e-200, 2),
    "rotate": lambda: rotate(np.full((3, 4), 5e-324), np.arange(3)),
    "rotate, float32": lambda: rotate(np.full((3, 4), 1e-45, np.float32), np.arange(3)),
    "waves": lambda: sinusoidal_positions(600, 512),
    "alibi": lambda: alibi_bias(5, 200),
    "patches": lambda: patches(TINY, 2),
    "spectrogram": lambda: spectrogram(np.full(8, 1e-200), 4),
    "loss law": lambda: scale.loss_law(np.array([1e-300, 1e300]), 1e9),
    "kaplan": lambda: scale.kaplan(np.array([1e-200, 1e300])),
    "optimal": lambda: scale.compute_optimal(np.array([5e-324, 1e300])),
    "hours": lambda: scale.chip_hours(np.array([1e-310])),
    "energy": lambda: scale.energy(np.array([1e-310])),
    "cost": lambda: scale.cost(np.array([1e-300]), per_hour=1e-20),
    "attended": lambda: TASK.attended(np.full((8, 4, 4), 5e-324), TASK.validation),
    "chain": lambda: tasks.chain_chances(30),
}


@pytest.mark.parametrize("case", ANY_STATE)
def test_numpy_s_error_state_changes_nothing(case: str) -> None:
    with np.errstate(all="ignore"):
        expected = ANY_STATE[case]()
    for state in ("raise", "warn"):
        with np.errstate(all=state):
            found = ANY_STATE[case]()
        several = isinstance(found, tuple)
        for one, other in zip(*((found, expected) if several else ([found], [expected])), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scaled_dot_product_attention(X * 1e200, X * 1e200, X), "scores must not hold NaN or"),
        (
            lambda: multi_head_attention(X * 1e300, X * 1e300, X, X, X, 2),
            "w_q times its input must hold finite",
        ),
        (
            lambda: multi_head_attention(X, X, X, X * 1e200, X * 1e200, 2),
            "w_o times its input must hold finite",
        ),
        (
            lambda: softmax(np.float32([1, 2]), temperature=1e300),
            "temperature must be a finite number above 0",
        ),
    ],
)
def test_what_overflows_is_said_in_words_whatever_the_state(call: Callable, message: str) -> None:
    for state in ("raise", "ignore", "warn"):
        with np.errstate(all=state), pytest.raises(ValueError, match=message):
            call()


# ── one number ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3), torch.tensor(3)], ids=repr)
def test_a_whole_number_becomes_an_int(value: Any) -> None:
    assert type(whole_number("n", value, 3, 3)) is int and whole_number("n", value) == 3


@pytest.mark.parametrize(
    "value", [True, np.True_, torch.tensor(True), 3.0, "3", None, [3], np.array([3]), Fraction(3)], ids=repr
)
def test_no_whole_number(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^n must be a whole number, got .*; count them$"):
        whole_number("n", value, remedy="count them")


@pytest.mark.parametrize(
    ("value", "least", "most", "message"),
    [
        (0, 1, None, "n must be 1 or more, got 0: so"),
        (4, None, 3, "n must be at most 3, got 4: so"),
        (4, 1, 3, "n must be from 1 to 3, got 4: so"),
        (-1, 0, 3, "n must be from 0 to 3, got -1: so"),
        (10**5000, 1, 3, "n must be from 1 to 3, got a number of 16610 bits: so"),
    ],
    ids=["below", "above", "above both", "below both", "too long to write"],
)
def test_a_whole_number_out_of_range(value: int, least: Any, most: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        whole_number("n", value, least, most, why="so")


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0)], ids=repr)
def test_a_number_becomes_a_float(value: Any) -> None:
    assert type(real_number("x", value)) is float and real_number("x", value, 2) == 2


@pytest.mark.parametrize("value", [True, np.True_, 1j, "2", None, [2.0], np.ones(1), np.ma.masked], ids=repr)
def test_no_number(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^x must be one number, got .*; pass a float$"):
        real_number("x", value)


@pytest.mark.parametrize(
    "value", [-1, float("nan"), float("inf"), 10**400, -(10**400)], ids=["-1", "nan", "inf", "big", "-big"]
)
def test_a_number_that_is_too_small_or_not_finite(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^x must be a finite number, 0 or more, got "):
        real_number("x", value, 0)


# ── what else people hand over ──────────────────────────────────────────────────────────────────────────────

CONFIG = Config(5, 5)
UNUSUAL: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "softmax(None)": (lambda: softmax(None), TypeError, "scores must hold real numbers, got None"),
    "softmax of a text": (lambda: softmax("abc"), TypeError, "scores must hold real numbers"),
    "softmax over no axis": (lambda: softmax(X, axis=2), ValueError, "axis must be from -2 to 1, got 2"),
    "softmax over all axes": (
        lambda: softmax(X, axis=None),
        TypeError,
        "axis must be a whole number, got None",
    ),
    "a bool as temperature": (
        lambda: softmax(X, temperature=True),
        TypeError,
        "temperature must be one number",
    ),
    "a bool as scale": (
        lambda: scaled_dot_product_attention(X, X, X, scale=True),
        TypeError,
        "scale must be one",
    ),
    "rows of two lengths": (lambda: softmax([[1, 2], [3]]), ValueError, "scores must be a regular array"),
    "a float as size": (lambda: causal_mask(3.0), TypeError, "n must be a whole number, got 3.0"),
    "no lengths": (lambda: padding_mask(None, 3), TypeError, "lengths must be whole numbers"),
    "words(None)": (lambda: words(None), TypeError, "text must be a string, got NoneType"),
    "words of a list": (lambda: words(["a"]), TypeError, "text must be a string, got list"),
    "merges as text": (lambda: PAIRS.encode("a", merges="2"), TypeError, "merges must be a whole number"),
    "merges below 0": (lambda: PAIRS.encode("a", merges=-1), ValueError, "merges must be 0 or more, got -1"),
    "decode(None)": (
        lambda: PAIRS.decode(None),
        TypeError,
        "token ids must be a list of whole numbers, got None",
    ),
    "decode(5)": (lambda: WordTokenizer.train("a b").decode(5), TypeError, "token ids must be a list"),
    "decode of bools": (
        lambda: PAIRS.decode([True]),
        TypeError,
        "a token id must be a whole number, got True",
    ),
    "a vocabulary of None": (
        lambda: Task("x", "encoder", None, TASK.train, TASK.validation, TASK.probe),
        TypeError,
        "vocabulary must",
    ),
    "a rule that is none": (
        lambda: Task("x", "encoder", TASK.vocabulary, TASK.train, TASK.validation, TASK.probe, 5),
        TypeError,
        "rule must be a function",
    ),
    "answers(None)": (lambda: TASK.answers(None), TypeError, "data must be Data, got NoneType"),
    "whole(None)": (
        lambda: tasks.sentences(train=9, validation=9).whole(None),
        TypeError,
        "data must be Data",
    ),
    "a seed of None": (lambda: tasks.reverse(seed=None), TypeError, "seed must be a whole number, got None"),
    "no config": (lambda: Transformer(None), TypeError, "config must be a Config, got NoneType"),
    "a model's seed": (lambda: Transformer(CONFIG, seed=None), TypeError, "seed must be a whole number"),
    "no task": (lambda: Transformer.for_task(None), TypeError, "task must be a Task, got NoneType"),
    "tokens elsewhere": (lambda: MODEL(IDS.to("meta")), ValueError, "tokens is on the device meta"),
    "no change": (
        lambda: MODEL(IDS, change=5),
        TypeError,
        "change must be a function of name and tensor, got 5",
    ),
    "ablate(None)": (lambda: ablate(None), TypeError, "heads must be pairs"),
    "a triple": (lambda: ablate([(1, 2, 3)]), TypeError, "heads must be pairs"),
    "a mean of 5": (lambda: ablate([(1, 0)], mean=5), TypeError, "mean must be a Trace, got int"),
    "patch(None)": (lambda: patch(None, "embedding"), TypeError, "trace must be a Trace, got NoneType"),
    "positions of 3": (
        lambda: patch(MODEL(IDS, trace=True), "embedding", positions=3),
        TypeError,
        "positions must be a list",
    ),
    "positions in words": (
        lambda: patch(MODEL(IDS, trace=True), "embedding", positions="a"),
        TypeError,
        "each of positions must be",
    ),
    "resume(None)": (lambda: resume(None), TypeError, "run must be a Run, got NoneType"),
    "a watch of 5": (
        lambda: fit(Transformer.for_task(TASK), TASK, watch=5),
        TypeError,
        "watch must be like attnlab.Live",
    ),
    "losses of text": (lambda: early_stop([0, 1], ["a", "b"], 1), TypeError, "losses must hold real numbers"),
    "steps of None": (lambda: early_stop(None, None, 1), TypeError, "steps must hold real numbers, got None"),
    "a patience of True": (
        lambda: early_stop([0], [1.0], True),
        TypeError,
        "patience must be a whole number",
    ),
    "too many tokens to write": (
        lambda: scale.flops(CONFIG, 10**5000),
        ValueError,
        "got about 10.5000: use",
    ),
}


@pytest.mark.parametrize("case", UNUSUAL)
def test_the_unusual_is_refused_in_words(case: str) -> None:
    call, error, message = UNUSUAL[case]
    with pytest.raises(error, match=f"^.*{message}"):
        call()
