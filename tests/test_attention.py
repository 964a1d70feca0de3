"""The maths: properties that must hold for any numbers, torch as the outside judge, and every error."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from attnlab.attention import (
    Attention,
    apply_mask,
    causal_mask,
    multi_head_attention,
    padding_mask,
    scaled_dot_product_attention,
    softmax,
)

settings.register_profile("attnlab", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("attnlab")

MODERATE = st.floats(-30, 30, allow_nan=False, width=32)
SCORES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5), elements=MODERATE)
SEEDS = st.integers(0, 2**32 - 1)


def qkv(seed, tokens=5, d_k=4, d_v=3, batch=(), keys=None):
    rng = np.random.default_rng(seed)
    keys = tokens if keys is None else keys
    q = rng.normal(size=(*batch, tokens, d_k))
    return q, rng.normal(size=(*batch, keys, d_k)), rng.normal(size=(*batch, keys, d_v))


def heads(seed, tokens=5, d_model=8, batch=()):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(*batch, tokens, d_model))
    return x, *(rng.normal(size=(d_model, d_model)) / d_model**0.5 for _ in range(4))


def by_hand(q, k, v, mask=None):
    """The formula once more, number by number, with no array operation in it."""
    output = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        seen = [j for j in range(len(k)) if mask is None or mask[i, j]]
        raw = {
            j: np.exp(sum(a * b for a, b in zip(q[i], k[j], strict=True)) / len(q[i]) ** 0.5) for j in seen
        }
        for j in seen:
            output[i] += raw[j] / sum(raw.values()) * v[j]
    return output


# softmax


@given(SCORES, st.floats(0.05, 50))
def test_weights_are_positive_and_every_row_sums_to_one(scores, temperature):
    weights = softmax(scores, temperature=temperature)
    assert weights.shape == scores.shape
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-12)


@given(SCORES, st.floats(-1000, 1000))
def test_softmax_does_not_change_when_all_scores_move_together(scores, shift):
    np.testing.assert_allclose(softmax(scores + shift), softmax(scores), atol=1e-10)


@given(SCORES)
def test_a_larger_score_never_gets_a_smaller_weight(scores):
    order = np.argsort(scores, axis=-1)
    assert (np.diff(np.take_along_axis(softmax(scores), order, axis=-1), axis=-1) >= 0).all()


@given(SCORES, st.floats(0.1, 10))
def test_temperature_divides_the_scores(scores, temperature):
    np.testing.assert_allclose(
        softmax(scores, temperature=temperature), softmax(scores / temperature), atol=1e-12
    )


def test_softmax_gives_the_numbers_of_the_formula():
    np.testing.assert_allclose(softmax([0, np.log(2), np.log(5)]), [1 / 8, 2 / 8, 5 / 8], atol=1e-15)
    np.testing.assert_allclose(softmax([0, 1], temperature=0.5), [1 / (1 + np.e**2), np.e**2 / (1 + np.e**2)])


def test_the_limits_of_temperature_are_argmax_and_equal_weights():
    scores = np.array([1.0, 3.0, 2.0])
    np.testing.assert_array_equal(softmax(scores, temperature=1e-3), [0, 1, 0])
    np.testing.assert_array_equal(softmax(scores, temperature=1e-300), [0, 1, 0])
    np.testing.assert_allclose(softmax(scores, temperature=1e9), [1 / 3] * 3, atol=1e-8)


@given(SCORES, st.data())
def test_softmax_along_any_axis(scores, data):
    axis = data.draw(st.integers(-scores.ndim, scores.ndim - 1))
    moved = np.moveaxis(softmax(np.moveaxis(scores, axis, -1)), -1, axis)
    np.testing.assert_allclose(softmax(scores, axis=axis), moved, atol=1e-15)


def test_huge_scores_neither_overflow_nor_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(softmax([1e308, -1e308, -np.inf]), [1, 0, 0])
        np.testing.assert_array_equal(softmax([1e5, 0.0], temperature=1e-305), [1, 0])
        np.testing.assert_allclose(softmax(np.float32([3e38, 3e38])), [0.5, 0.5])


def test_minus_infinity_is_masked_and_the_others_share_the_rest():
    np.testing.assert_allclose(softmax([1.0, -np.inf, 1.0]), [0.5, 0, 0.5])


@pytest.mark.parametrize(
    ("given_type", "computed"), [("float32", "float32"), ("float64", "float64"), ("int8", "float64")]
)
def test_types_that_go_in_and_come_out(given_type, computed):
    numbers = np.eye(3, dtype=given_type)
    causal = causal_mask(3)
    assert softmax(numbers, temperature=np.float64(2)).dtype == computed
    assert apply_mask(numbers, causal).dtype == computed
    for found in (
        scaled_dot_product_attention(numbers, numbers, numbers, causal, scale=np.float64(2)),
        multi_head_attention(*[numbers] * 5, n_heads=1, mask=causal),
    ):
        assert [part.dtype for part in found] == [computed] * 3


def test_inputs_are_never_changed():
    arrays = [*qkv(0), causal_mask(5)]
    before = [a.copy() for a in arrays]
    scaled_dot_product_attention(*arrays)
    apply_mask(arrays[0] @ arrays[1].T, arrays[3])
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


# masks


def test_causal_mask_shows_the_past_and_the_present():
    np.testing.assert_array_equal(
        causal_mask(3), [[True, False, False], [True, True, False], [True, True, True]]
    )


def test_padding_mask_fits_scores_and_combines_with_causal():
    mask = padding_mask([1, 3], 3)
    np.testing.assert_array_equal(mask, [[[True, False, False]], [[True, True, True]]])
    assert (mask & causal_mask(3)).shape == (2, 3, 3)
    np.testing.assert_array_equal(padding_mask(2, 3), [[True, True, False]])


def test_padding_cannot_be_noticed():
    q, k, v = qkv(3, batch=(2,), tokens=6)
    found = scaled_dot_product_attention(q, k, v, padding_mask([4, 6], 6))
    alone = scaled_dot_product_attention(q[0], k[0, :4], v[0, :4])
    np.testing.assert_allclose(found.output[0], alone.output, atol=1e-14)
    assert (found.weights[0, :, 4:] == 0).all()


def test_apply_mask_keeps_what_is_seen_and_hides_the_rest():
    scores = np.arange(9.0).reshape(3, 3)
    masked = apply_mask(scores, causal_mask(3))
    np.testing.assert_array_equal(masked[causal_mask(3)], scores[causal_mask(3)])
    assert np.isneginf(masked[~causal_mask(3)]).all()


@given(SEEDS, st.integers(1, 6))
def test_nobody_notices_a_change_in_the_future(seed, changed):
    q, k, v = qkv(seed, tokens=7)
    before = scaled_dot_product_attention(q, k, v, causal_mask(7))
    k[changed:] += 5
    v[changed:] -= 3
    after = scaled_dot_product_attention(q, k, v, causal_mask(7))
    np.testing.assert_array_equal(after.output[:changed], before.output[:changed])
    assert not np.allclose(after.output[changed:], before.output[changed:])


# attention


@given(SEEDS, st.booleans(), st.integers(1, 6))
def test_attention_is_the_formula_number_by_number(seed, masked, keys):
    q, k, v = qkv(seed, keys=keys)
    mask = np.random.default_rng(seed).random((5, keys)) < 0.5 if masked else None
    if masked:
        mask[:, 0] = True
    found = scaled_dot_product_attention(q, k, v, mask)
    np.testing.assert_allclose(found.output, by_hand(q, k, v, mask), atol=1e-12)
    np.testing.assert_allclose(found.weights @ v, found.output, atol=1e-14)
    np.testing.assert_allclose(found.scores, q @ k.T / 2, atol=1e-14)


@given(SEEDS, st.permutations(range(5)))
def test_attention_does_not_know_the_order_of_the_tokens(seed, order):
    x, *w = heads(seed)
    found, shuffled = multi_head_attention(x, *w, n_heads=2), multi_head_attention(x[order], *w, n_heads=2)
    np.testing.assert_allclose(shuffled.output, found.output[order], atol=1e-12)
    np.testing.assert_allclose(shuffled.weights, found.weights[:, order][:, :, order], atol=1e-12)


@given(SEEDS)
def test_every_output_lies_between_the_values(seed):
    q, k, v = qkv(seed)
    output = scaled_dot_product_attention(q, k, v).output
    assert (output <= v.max(axis=0) + 1e-12).all()
    assert (output >= v.min(axis=0) - 1e-12).all()


@given(SEEDS)
def test_a_batch_is_the_same_as_a_loop(seed):
    q, k, v = qkv(seed, batch=(2, 3))
    mask = np.random.default_rng(seed).random((2, 1, 5, 5)) < 0.7
    mask |= np.eye(5, dtype=bool)
    together = scaled_dot_product_attention(q, k, v, mask)
    for a in range(2):
        for b in range(3):
            alone = scaled_dot_product_attention(q[a, b], k[a, b], v[a, b], mask[a, 0])
            for whole, part in zip(together, alone, strict=True):
                np.testing.assert_allclose(whole[a, b], part, atol=1e-14)


def test_keys_and_values_may_be_shared_by_the_batch():
    q, k, v = qkv(1, batch=(3,))
    together = scaled_dot_product_attention(q, k[0], v[0])
    np.testing.assert_allclose(
        together.output[2], scaled_dot_product_attention(q[2], k[0], v[0]).output, atol=1e-14
    )


def test_scale_replaces_the_square_root():
    q, k, v = qkv(2, d_k=16)
    np.testing.assert_allclose(scaled_dot_product_attention(q, k, v).scores, q @ k.T / 4, atol=1e-14)
    np.testing.assert_allclose(scaled_dot_product_attention(q, k, v, scale=1).scores, q @ k.T, atol=1e-14)


def test_the_scores_that_come_back_are_those_before_the_mask():
    q, k, v = qkv(2)
    found = scaled_dot_product_attention(q, k, v, causal_mask(5))
    assert isinstance(found, Attention)
    assert np.isfinite(found.scores).all()
    assert (found.weights[~causal_mask(5)] == 0).all()


# many heads


@given(SEEDS, st.sampled_from([1, 2, 4, 8]))
def test_each_head_attends_in_its_own_columns(seed, n_heads):
    x, w_q, w_k, w_v, w_o = heads(seed)
    found = multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, causal_mask(5))
    outputs = []
    for head, columns in enumerate(np.split(np.arange(8), n_heads)):
        q, k, v = x @ w_q[:, columns], x @ w_k[:, columns], x @ w_v[:, columns]
        alone = scaled_dot_product_attention(q, k, v, causal_mask(5))
        np.testing.assert_allclose(found.weights[head], alone.weights, atol=1e-13)
        np.testing.assert_allclose(found.scores[head], alone.scores, atol=1e-13)
        outputs.append(alone.output)
    np.testing.assert_allclose(found.output, np.hstack(outputs) @ w_o, atol=1e-13)


def test_many_heads_in_a_batch_are_the_same_as_a_loop():
    x, *w = heads(4, batch=(3,))
    mask = padding_mask([2, 5, 4], 5) & causal_mask(5)
    together = multi_head_attention(x, *w, n_heads=2, mask=mask)
    assert together.weights.shape == (3, 2, 5, 5)
    for b in range(3):
        alone = multi_head_attention(x[b], *w, n_heads=2, mask=mask[b])
        for whole, part in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[b], part, atol=1e-14)


@pytest.mark.parametrize("batch", [(), (3,)])
def test_a_mask_with_one_more_axis_than_x_is_one_for_each_head(batch):
    x, *w = heads(4, batch=batch)
    mask = np.stack([causal_mask(5), np.ones((5, 5), dtype=bool)])  # [head, query, key]
    found = multi_head_attention(x, *w, n_heads=2, mask=np.broadcast_to(mask, (*batch, 2, 5, 5)))
    assert (found.weights[..., 0, :, :][..., ~causal_mask(5)] == 0).all()
    assert (found.weights[..., 1, :, :] > 0).all()


def test_keys_and_values_may_have_other_widths():
    rng = np.random.default_rng(0)
    x, w_q, w_k = rng.normal(size=(5, 6)), rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    found = multi_head_attention(x, w_q, w_k, rng.normal(size=(6, 10)), rng.normal(size=(10, 7)), n_heads=2)
    assert found.output.shape == (5, 7)
    np.testing.assert_allclose(found.scores[0], (x @ w_q[:, :2]) @ (x @ w_k[:, :2]).T / 2**0.5, atol=1e-13)


# torch as the outside judge


@pytest.mark.parametrize("kind", ["none", "causal", "padding"])
def test_equal_to_torch_scaled_dot_product_attention(kind):
    torch = pytest.importorskip("torch")
    q, k, v = qkv(11, batch=(2, 3), tokens=6, d_k=8, d_v=5)
    mask = {"none": None, "causal": causal_mask(6), "padding": padding_mask([4, 6], 6)[:, None]}[kind]
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (q, k, v)),
        attn_mask=None
        if mask is None
        else torch.from_numpy(mask),  # here True means "may attend", as with us
    )
    ours = scaled_dot_product_attention(q, k, v, mask)
    np.testing.assert_allclose(ours.output, theirs.numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["none", "causal", "padding"])
def test_equal_to_torch_multihead_attention(kind):
    torch = pytest.importorskip("torch")
    x, w_q, w_k, w_v, w_o = heads(12, tokens=6, batch=(2,))
    layer = torch.nn.MultiheadAttention(8, 4, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():  # torch computes x @ W.T, and stacks the three matrices
        layer.in_proj_weight.copy_(torch.from_numpy(np.vstack([w_q.T, w_k.T, w_v.T])))
        layer.out_proj.weight.copy_(torch.from_numpy(w_o.T))
        masks = {  # here True means "may NOT attend"
            "none": {},
            "causal": {"attn_mask": torch.from_numpy(~causal_mask(6))},
            "padding": {"key_padding_mask": torch.from_numpy(~padding_mask([4, 6], 6)[:, 0])},
        }[kind]
        tensor = torch.from_numpy(x)
        output, weights = layer(tensor, tensor, tensor, average_attn_weights=False, **masks)
    mask = {"none": None, "causal": causal_mask(6), "padding": padding_mask([4, 6], 6)}[kind]
    ours = multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads=4, mask=mask)
    np.testing.assert_allclose(ours.output, output.numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.weights, weights.numpy(), rtol=0, atol=1e-12)


# bad input: the message names the argument, what came, and what to do


def attention(*shapes, **kwargs):
    return scaled_dot_product_attention(*(np.ones(shape) for shape in shapes), **kwargs)


def many(n_heads=2, mask=None, **shapes):
    arrays = {"x": (5, 8), "w_q": (8, 8), "w_k": (8, 8), "w_v": (8, 8), "w_o": (8, 8), **shapes}
    return multi_head_attention(
        **{name: np.ones(s) for name, s in arrays.items()}, n_heads=n_heads, mask=mask
    )


def with_nan(shape=(2, 3), at=(1, 2), value=np.nan):
    array = np.zeros(shape)
    array[at] = value
    return array


def blind(shape, at):
    mask = np.ones(shape, dtype=bool)
    mask[at] = False
    return mask


ONES = np.ones((4, 4))
BAD = {
    "softmax nan": (
        lambda: softmax(with_nan()),
        ValueError,
        "scores must not hold NaN or +inf, got nan at (1, 2)",
    ),
    "softmax inf": (
        lambda: softmax(with_nan(value=np.inf)),
        ValueError,
        "got inf at (1, 2)",
        "Only -inf is allowed",
    ),
    "softmax empty row": (lambda: softmax(np.full((3, 0), 1.0)), ValueError, "row 0 nothing to attend to"),
    "softmax one row": (lambda: softmax([-np.inf]), ValueError, "the only row nothing to attend to"),
    "softmax slice": (lambda: softmax([[-np.inf, 1], [-np.inf, 2]], axis=0), ValueError, "the slice (0,)"),
    "softmax scalar": (
        lambda: softmax(3.0),
        ValueError,
        "scores must have at least one axis",
        "put it in a list",
    ),
    "softmax text": (
        lambda: softmax(["a"]),
        TypeError,
        "scores must hold real numbers",
        "np.asarray(..., float)",
    ),
    "softmax bool": (lambda: softmax([True]), TypeError, "scores must hold real numbers, got bool"),
    "softmax ragged": (lambda: softmax([[1], [1, 2]]), ValueError, "scores must be a regular array"),
    "softmax axis": (lambda: softmax(ONES, axis=2), ValueError, "axis must be from -2 to 1, got 2"),
    "temperature 0": (
        lambda: softmax(ONES, temperature=0),
        ValueError,
        "temperature must be above 0",
        "use argmax",
    ),
    "temperature < 0": (
        lambda: softmax(ONES, temperature=-1),
        ValueError,
        "temperature must be",
        "got -1",
        "use argmax",
    ),
    "temperature nan": (
        lambda: softmax(ONES, temperature=np.nan),
        ValueError,
        "temperature must be",
        "got nan",
    ),
    "temperature inf": (
        lambda: softmax(ONES, temperature=np.inf),
        ValueError,
        "temperature must be",
        "equal weights",
    ),
    "temperature list": (
        lambda: softmax(ONES, temperature=[1, 2]),
        TypeError,
        "temperature must be one number, got [1, 2]",
    ),
    "temperature text": (
        lambda: softmax(ONES, temperature="1"),
        TypeError,
        "temperature must be one number, got '1'",
    ),
    "causal 0": (lambda: causal_mask(0), ValueError, "n must be 1 or more, got 0"),
    "causal 2.0": (lambda: causal_mask(2.0), TypeError, "n must be a whole number, got 2.0"),
    "lengths 0": (
        lambda: padding_mask([2, 0], 3),
        ValueError,
        "lengths must lie between 1 and n=3, got 0 at (1,)",
    ),
    "lengths 4": (
        lambda: padding_mask(4, 3),
        ValueError,
        "lengths must lie between 1 and n=3, got 4;",
        "count",
    ),
    "lengths float": (
        lambda: padding_mask([1.5], 3),
        TypeError,
        "lengths must be whole numbers, got float64",
    ),
    "mask of numbers": (
        lambda: apply_mask(ONES, ONES),
        TypeError,
        "mask must be boolean",
        "got float64",
        "mask == 1",
    ),
    "mask shape": (
        lambda: apply_mask(ONES, causal_mask(3)),
        ValueError,
        "(3, 3) does not fit scores of shape (4, 4)",
    ),
    "mask larger": (
        lambda: apply_mask(ONES, np.ones((2, 4, 4), bool)),
        ValueError,
        "mask of shape (2, 4, 4) does not fit",
    ),
    "blind row": (
        lambda: apply_mask(ONES, blind((4, 4), 3)),
        ValueError,
        "row 3 nothing to attend to",
        "for example itself",
    ),
    "blind batch": (
        lambda: attention((2, 4, 3), (2, 4, 3), (2, 4, 3), mask=blind((2, 4, 4), (1, 2))),
        ValueError,
        "row 2 (batch 1) nothing to attend to",
    ),
    "blind head": (
        lambda: many(x=(3, 5, 8), mask=blind((3, 2, 5, 5), (2, 1, 4))),
        ValueError,
        "row 4 (batch 2, 1) nothing to attend to",
    ),
    "q one token": (
        lambda: attention((4,), (3, 4), (3, 4)),
        ValueError,
        "q must have shape",
        "got (4,)",
        "q[None, :]",
    ),
    "d_k": (lambda: attention((3, 4), (3, 5), (3, 4)), ValueError, "same d_k", "q (3, 4) and k (3, 5)"),
    "keys": (
        lambda: attention((3, 4), (3, 4), (2, 4)),
        ValueError,
        "same number of keys",
        "k (3, 4) and v (2, 4)",
    ),
    "batch": (
        lambda: attention((2, 3, 4), (3, 3, 4), (3, 4)),
        ValueError,
        "leading axes",
        "q (2, 3, 4), k (3, 3, 4)",
    ),
    "no d_k": (lambda: attention((3, 0), (3, 0), (3, 4)), ValueError, "d_k = 0"),
    "scale nan": (
        lambda: attention((3, 4), (3, 4), (3, 4), scale=np.nan),
        ValueError,
        "scale must be a finite number",
    ),
    "scale list": (
        lambda: attention((3, 4), (3, 4), (3, 4), scale=[1]),
        TypeError,
        "scale must be one number",
    ),
    "v nan": (
        lambda: scaled_dot_product_attention(ONES, ONES, with_nan((4, 4), (3, 0))),
        ValueError,
        "v must hold finite numbers, got nan at (3, 0)",
    ),
    "heads": (
        lambda: many(n_heads=3),
        ValueError,
        "n_heads=3 does not divide the 8 columns of w_q",
        "1, 2, 4, 8",
    ),
    "heads of v": (lambda: many(w_v=(8, 7)), ValueError, "n_heads=2 does not divide the 7 columns of w_v"),
    "heads 0": (lambda: many(n_heads=0), ValueError, "n_heads must be 1 or more"),
    "heads true": (lambda: many(n_heads=True), TypeError, "n_heads must be a whole number"),
    "x one token": (lambda: many(x=(8,)), ValueError, "x must have shape", "got (8,)"),
    "w_q rows": (
        lambda: many(w_q=(4, 8)),
        ValueError,
        "w_q",
        "expected shape (8, columns), got (4, 8)",
        "transpose",
    ),
    "w_k columns": (lambda: many(w_k=(8, 4)), ValueError, "same d_k", "q (2, 5, 4) and k (2, 5, 2)"),
    "w_o rows": (lambda: many(w_o=(4, 8)), ValueError, "w_o", "expected shape (8, columns), got (4, 8)"),
    "mask of heads": (
        lambda: many(mask=causal_mask(4)),
        ValueError,
        "mask of shape (4, 4) does not fit",
        "(2, 5, 5)",
    ),
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
