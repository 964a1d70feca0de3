"""Positions: the papers' formulas number by number, the properties they promise, and every error."""

import cmath
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab.attention import (
    alibi_bias,
    apply_mask,
    causal_mask,
    rotate,
    scaled_dot_product_attention,
    sinusoidal_positions,
    softmax,
)

SEEDS = st.integers(0, 2**32 - 1)
EVEN = st.integers(1, 8).map(lambda half: 2 * half)
PLACES = st.integers(-500, 500)


def vectors(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


# sinusoidal


@given(st.integers(1, 40), EVEN)
def test_sinusoidal_positions_are_the_formula_number_by_number(n, d_model):
    by_hand = [
        [
            (math.cos if column % 2 else math.sin)(place / 10000 ** ((column - column % 2) / d_model))
            for column in range(d_model)
        ]
        for place in range(n)
    ]
    np.testing.assert_allclose(sinusoidal_positions(n, d_model), by_hand, atol=1e-12)


def test_the_first_position_and_the_first_pair_of_columns():
    table = sinusoidal_positions(50, 6)
    np.testing.assert_array_equal(table[0], [0, 1, 0, 1, 0, 1])
    np.testing.assert_allclose(table[:, 0], np.sin(np.arange(50)), atol=1e-15)
    np.testing.assert_allclose(table[:, 1], np.cos(np.arange(50)), atol=1e-15)


@given(EVEN, st.integers(1, 30))
def test_every_row_has_the_same_length_and_a_longer_table_begins_alike(d_model, n):
    table = sinusoidal_positions(n, d_model)
    np.testing.assert_allclose((table**2).sum(axis=1), d_model / 2, atol=1e-12)
    np.testing.assert_array_equal(sinusoidal_positions(n + 7, d_model)[:n], table)


@given(EVEN, st.integers(0, 60))
def test_a_shift_is_one_linear_map_for_all_positions(d_model, shift):
    table = sinusoidal_positions(100, d_model)
    move = np.zeros((d_model, d_model))
    for i in range(0, d_model, 2):
        angle = shift / 10000 ** (i / d_model)
        cos, sin = math.cos(angle), math.sin(angle)
        move[i : i + 2, i : i + 2] = [[cos, sin], [-sin, cos]]
    np.testing.assert_allclose(table[: 100 - shift] @ move.T, table[shift:], atol=1e-12)


@given(EVEN, st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_product_of_two_rows_depends_on_their_distance(d_model, place, other, shift):
    table = sinusoidal_positions(100, d_model)
    near, far = table[place] @ table[other], table[place + shift] @ table[other + shift]
    np.testing.assert_allclose(near, far, atol=1e-12)


# rotary


@given(SEEDS, EVEN, st.lists(st.floats(-300, 300), min_size=1, max_size=6), st.floats(1, 1e6) | st.none())
def test_rotation_is_multiplication_by_a_complex_number(seed, d, positions, base):
    x = vectors(seed, len(positions), d)
    turned = rotate(x, positions) if base is None else rotate(x, positions, base)
    for row, place in enumerate(positions):
        for i in range(d // 2):
            number = complex(x[row, 2 * i], x[row, 2 * i + 1])
            number *= cmath.exp(1j * place / (base or 10_000) ** (2 * i / d))
            np.testing.assert_allclose(turned[row, 2 * i : 2 * i + 2], [number.real, number.imag], atol=1e-9)


@pytest.mark.parametrize("base", [0.5, float("nan"), float("inf")])
def test_a_base_that_is_no_base_is_refused(base):
    with pytest.raises(ValueError, match="base must be a finite number, 1 or more, got"):
        rotate(np.ones(4), 1, base)


@given(SEEDS, EVEN, PLACES)
def test_rotation_keeps_the_length_of_every_pair(seed, d, place):
    x = vectors(seed, d)
    pairs, turned = x.reshape(-1, 2), rotate(x, place).reshape(-1, 2)
    np.testing.assert_allclose(np.hypot(*turned.T), np.hypot(*pairs.T), atol=1e-12)


@given(SEEDS, EVEN, PLACES, PLACES, PLACES)
def test_the_score_knows_only_the_distance(seed, d, query, key, shift):
    q, k = vectors(seed, 2, d)
    here = rotate(q, query) @ rotate(k, key)
    there = rotate(q, query + shift) @ rotate(k, key + shift)
    np.testing.assert_allclose(here, there, atol=1e-10)
    np.testing.assert_allclose(here, q @ rotate(k, key - query), atol=1e-10)


@given(SEEDS, EVEN, PLACES, PLACES)
def test_turning_twice_adds_the_positions_and_position_0_changes_nothing(seed, d, one, other):
    x = vectors(seed, d)
    np.testing.assert_allclose(rotate(rotate(x, one), other), rotate(x, one + other), atol=1e-10)
    np.testing.assert_array_equal(rotate(x, 0), x)


def test_a_sinusoidal_row_is_the_first_one_turned():
    # The sine comes first in the table, the cosine in a rotation: as complex numbers, a turn the other way.
    table = sinusoidal_positions(20, 8)
    np.testing.assert_allclose(rotate(np.tile(table[0], (20, 1)), -np.arange(20)), table, atol=1e-12)


def test_leading_axes_and_positions_of_their_own():
    x, places = vectors(0, 2, 3, 5, 4), np.array([np.arange(5), 7 + np.arange(5)])
    shared, own = rotate(x, places[0]), rotate(x, places[:, None])
    for batch in range(2):
        for head in range(3):
            np.testing.assert_array_equal(shared[batch, head], rotate(x[batch, head], places[0]))
            np.testing.assert_array_equal(own[batch, head], rotate(x[batch, head], places[batch]))


def test_types_that_go_in_and_come_out():
    x = vectors(1, 5, 4)
    assert rotate(x.astype(np.float32), np.arange(5)).dtype == np.float32
    assert rotate([[1, 0], [0, 1]], [0, 1]).dtype == np.float64
    assert rotate(np.zeros((0, 4)), []).shape == (0, 4)
    before = x.copy()
    rotate(x, np.arange(5))
    np.testing.assert_array_equal(x, before)


# alibi


@given(st.integers(1, 12), st.integers(1, 20))
def test_the_bias_is_slope_times_distance(n, n_heads):
    bias = alibi_bias(n, n_heads)
    assert bias.shape == (n_heads, n, n)
    slopes = slopes_of_the_authors(n_heads)
    for head in range(n_heads):
        for query in range(n):
            for key in range(n):
                expected = -slopes[head] * abs(query - key)
                assert math.isclose(bias[head, query, key], expected, rel_tol=1e-12)


def slopes_of_the_authors(n_heads):
    """A geometric sequence whose start is its ratio; else the gaps are filled from one twice as long."""
    if n_heads & (n_heads - 1) == 0:
        start = 0.5 ** (8 / n_heads)
        return [start * start**i for i in range(n_heads)]
    power = 2 ** math.floor(math.log2(n_heads))
    return slopes_of_the_authors(power) + slopes_of_the_authors(2 * power)[::2][: n_heads - power]


@pytest.mark.parametrize(
    ("n_heads", "slopes"),
    [
        (1, [2**-8]),
        (2, [2**-4, 2**-8]),
        (3, [2**-4, 2**-8, 2**-2]),
        (8, [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]),
        (12, [*(2.0**-h for h in range(1, 9)), *(2.0 ** -(h + 0.5) for h in range(4))]),
    ],
)
def test_the_slopes_of_the_paper(n_heads, slopes):
    np.testing.assert_allclose(-alibi_bias(2, n_heads)[:, 1, 0], slopes, rtol=1e-12)


def test_a_token_pays_nothing_for_itself():
    assert not np.signbit(alibi_bias(4, 3)[:, range(4), range(4)]).any()  # 0, and not -0.0


@given(st.integers(1, 64))
def test_every_head_has_a_slope_of_its_own(n_heads):
    slopes = -alibi_bias(2, n_heads)[:, 0, 1]
    assert len(set(slopes)) == n_heads
    assert (slopes > 0).all() and (slopes < 1).all()


@given(SEEDS, st.integers(2, 9))
def test_under_the_causal_mask_it_is_a_bias_of_the_key_alone(seed, n):
    # softmax sees only differences in a row: -slope (i - j) is slope j, moved by a constant.
    scores, keys = vectors(seed, n, n), np.arange(n) * 2**-8
    ours = softmax(apply_mask(scores + alibi_bias(n, 1)[0], causal_mask(n)))
    np.testing.assert_allclose(ours, softmax(apply_mask(scores + keys, causal_mask(n))), atol=1e-12)


@given(SEEDS, st.permutations(range(5)))
def test_positions_break_the_symmetry_that_attention_has(seed, order):
    order, x = list(order), vectors(seed, 5, 4)

    def plain(x):
        return scaled_dot_product_attention(x, x, x).output

    def turned(x):
        at = rotate(x, np.arange(5))
        return scaled_dot_product_attention(at, at, x).output

    np.testing.assert_allclose(plain(x[order]), plain(x)[order], atol=1e-12)
    same = np.allclose(turned(x[order]), turned(x)[order], atol=1e-9)
    assert same == (order == sorted(order))


# torch as the outside judge


def test_rotation_equals_torch_complex_numbers():
    torch = pytest.importorskip("torch")
    x, places = vectors(2, 3, 6, 8), np.arange(6) * 1.5
    angles = np.outer(places, 1 / 10000 ** (np.arange(4) / 4))
    phase = torch.polar(torch.ones(6, 4, dtype=torch.float64), torch.from_numpy(angles))
    numbers = torch.view_as_complex(torch.from_numpy(x).reshape(3, 6, 4, 2))
    theirs = torch.view_as_real(numbers * phase).reshape(3, 6, 8).numpy()
    np.testing.assert_allclose(rotate(x, places), theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_with_a_bias_equals_torch(causal):
    torch = pytest.importorskip("torch")
    q, k, v = vectors(3, 3, 6, 4, 5)
    mask = causal_mask(4) if causal else np.ones((4, 4), dtype=bool)
    bias = alibi_bias(4, 6)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(5) + bias
    ours = softmax(apply_mask(scores, mask)) @ v
    added = torch.from_numpy(np.where(mask, bias, -np.inf))
    tensors = [torch.from_numpy(each)[None] for each in (q, k, v)]
    theirs = torch.nn.functional.scaled_dot_product_attention(*tensors, attn_mask=added)[0].numpy()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


# bad input: the message names the argument, what came, and what to do

ONES = np.ones((5, 4))
BAD = {
    "table without rows": (lambda: sinusoidal_positions(0, 4), ValueError, "n must be 1 or more", "got 0"),
    "half a row": (lambda: sinusoidal_positions(2.5, 4), TypeError, "n must be a whole number", "2.5"),
    "a table of True": (lambda: sinusoidal_positions(True, 4), TypeError, "n must be a whole number"),
    "odd table": (lambda: sinusoidal_positions(4, 5), ValueError, "d_model must be even", "got 5", "4 or 6"),
    "no columns": (lambda: sinusoidal_positions(4, 0), ValueError, "d_model must be 1 or more"),
    "columns in words": (lambda: sinusoidal_positions(4, "six"), TypeError, "d_model", "'six'"),
    "odd vectors": (
        lambda: rotate(np.ones((5, 3)), np.arange(5)),
        ValueError,
        "d (the last axis of q_or_k) must be even",
        "got 3",
        "2 or 4",
    ),
    "empty vectors": (
        lambda: rotate(np.ones((5, 0)), np.arange(5)),
        ValueError,
        "must be even",
        "got 0",
        "use 2.",
    ),
    "a single number": (lambda: rotate(3.0, 1), ValueError, "q_or_k must have shape (..., tokens, numbers)"),
    "too many positions": (
        lambda: rotate(ONES, np.arange(6)),
        ValueError,
        "positions of shape (6,) do not fit q_or_k with the leading axes (5,)",
        "np.arange(5)",
    ),
    "one position for all": (lambda: rotate(ONES, 3), ValueError, "positions of shape ()", "np.arange(5)"),
    "one position in a list": (lambda: rotate(ONES, [3]), ValueError, "positions of shape (1,)"),
    "positions of a vector": (
        lambda: rotate(np.ones(4), [0, 1]),
        ValueError,
        "positions of shape (2,)",
        "a single vector takes a single number",
    ),
    "positions with a batch": (
        lambda: rotate(ONES, np.zeros((2, 5))),
        ValueError,
        "positions of shape (2, 5)",
        "leading axes (5,)",
    ),
    "positions of another batch": (
        lambda: rotate(np.ones((3, 5, 4)), np.zeros((2, 5))),
        ValueError,
        "positions of shape (2, 5)",
        "leading axes (3, 5)",
    ),
    "positions in words": (
        lambda: rotate(ONES, list("abcde")),
        TypeError,
        "positions must hold real numbers",
    ),
    "positions of True": (lambda: rotate(ONES, [True] * 5), TypeError, "positions must hold real numbers"),
    "a lost position": (
        lambda: rotate(ONES, [0, 1, np.nan, 3, 4]),
        ValueError,
        "positions must hold finite numbers",
        "nan at (2,)",
    ),
    "endless position": (
        lambda: rotate(np.ones(4), np.inf),
        ValueError,
        "positions must hold finite numbers",
    ),
    "lost number": (lambda: rotate([1.0, np.nan], 0), ValueError, "q_or_k must hold finite numbers", "(1,)"),
    "complex vectors": (lambda: rotate(ONES * 1j, np.arange(5)), TypeError, "q_or_k must hold real numbers"),
    "ragged vectors": (lambda: rotate([[1, 2], [3]], [0, 1]), ValueError, "q_or_k must be a regular array"),
    "bias of nothing": (lambda: alibi_bias(0, 4), ValueError, "n must be 1 or more"),
    "no head": (lambda: alibi_bias(4, 0), ValueError, "n_heads must be 1 or more"),
    "half a head": (lambda: alibi_bias(4, 1.5), TypeError, "n_heads must be a whole number"),
    "heads in words": (lambda: alibi_bias(4, "8"), TypeError, "n_heads must be a whole number"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_is_wrong_and_what_to_do(name):
    call, error, *parts = BAD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error) as caught:
            call()
    for part in parts:
        assert part in str(caught.value)
