"""Laws of scale against figures in their papers, and energy and cost worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab import scale
from attnlab.scale import laws

SIZES = st.floats(1e3, 1e15)


def test_the_law_of_hoffmann_at_the_size_of_chinchilla():
    """70 billion parameters, 1.4 trillion tokens."""
    assert scale.loss_law(70e9, 1.4e12) == pytest.approx(1.69 + 0.0836 + 0.163, abs=0.001)


@given(SIZES, SIZES)
def test_more_of_either_is_better_and_never_below_the_lowest(parameters, tokens):
    here = scale.loss_law(parameters, tokens)
    assert here > scale.loss_law(2 * parameters, tokens) > 1.69
    assert here > scale.loss_law(parameters, 2 * tokens) > 1.69


def test_the_law_of_kaplan():
    assert scale.kaplan(8.8e13) == 1.0
    assert scale.kaplan(2e6) / scale.kaplan(4e6) == pytest.approx(2**0.076)
    assert scale.kaplan(1.5e9) == pytest.approx(2.30, abs=0.01)


def test_compute_well_spent_is_that_of_chinchilla():
    """Gopher's 5.76e23 FLOPs: 67 billion parameters by approach 1 of the paper, 20 tokens for each."""
    found = scale.compute_optimal(5.76e23)
    assert found.parameters == pytest.approx(67e9, rel=0.05)
    assert found.tokens == pytest.approx(20 * found.parameters)
    assert scale.compute_optimal(5.76e23, 10).tokens == pytest.approx(found.tokens / math.sqrt(2))


@given(st.floats(1e15, 1e27), st.sampled_from([20.0, 5.0, None]))
def test_all_flops_are_spent(flops, ratio):
    found = scale.compute_optimal(flops, ratio)
    assert 6 * found.parameters * found.tokens == pytest.approx(flops, rel=1e-9)


@given(st.floats(1e15, 1e27), st.floats(0.2, 5).filter(lambda factor: abs(factor - 1) > 0.01))
def test_no_other_split_has_a_lower_loss_by_the_law(flops, factor):
    best = scale.compute_optimal(flops, None)
    other = scale.loss_law(best.parameters * factor, best.tokens / factor)
    assert scale.loss_law(*best) < other


def test_the_law_and_the_rule_of_thumb_part_at_large_compute():
    ratios = [
        (lambda best: best.tokens / best.parameters)(scale.compute_optimal(c, None)) for c in (1e18, 1e24)
    ]
    assert ratios[0] < 30 and ratios[1] > 90


def test_arrays_are_answered_with_arrays():
    sizes = np.array([1e6, 1e9])
    assert scale.loss_law(sizes, 1e9).tolist() == [scale.loss_law(1e6, 1e9), scale.loss_law(1e9, 1e9)]
    assert scale.kaplan(sizes).tolist() == [scale.kaplan(1e6), scale.kaplan(1e9)]
    assert scale.compute_optimal(np.array([10**15, 10**18])).tokens.shape == (2,)
    assert type(scale.loss_law(10**6, 10**30)) is float


# ------------------------------------------------------------ energy and cost


def test_hours_energy_and_cost_worked_out_by_hand():
    """3600 · 10^12 FLOPs at 10^12 a second, half used: two hours; at 500 W and PUE 1.2, 1.2 kWh."""
    chip = {"peak": 1e12, "utilisation": 0.5}
    assert scale.chip_hours(3.6e15, **chip) == pytest.approx(2)
    assert scale.energy(3.6e15, **chip, watts=500, pue=1.2) == pytest.approx(1.2)
    assert scale.cost(3.6e15, per_hour=3, **chip) == pytest.approx(6)
    assert scale.cost(3.6e15, per_kwh=0.5, **chip, watts=500, pue=1.2) == pytest.approx(0.6)


def test_defaults_are_the_assumptions_that_are_named():
    flops = 1e20
    hours = scale.chip_hours(flops, peak=laws.A100_PEAK, utilisation=laws.UTILISATION)
    assert scale.chip_hours(flops) == hours
    assert scale.energy(flops) == hours * laws.A100_WATTS / 1000 * laws.PUE
    assert (laws.A100_PEAK, laws.A100_WATTS, laws.UTILISATION, laws.PUE) == (312e12, 400.0, 0.4, 1.1)


def test_gpt_3_is_near_the_energy_that_was_estimated():
    """Patterson et al. (2021), Table 4: 3.14e23 FLOPs on V100, 24.6 TFLOP/s each measured, 330 W, PUE 1.1:
    1,287 MWh.
    """
    found = scale.energy(3.14e23, peak=24.6e12, utilisation=1.0, watts=330, pue=1.1)
    assert found == pytest.approx(1_287_000, rel=0.02)


HUGE = (10**400, -(10**400))  # too large for a float


def short(given: object) -> str:
    return str(given)[:20]


POSITIVE = [
    (scale.loss_law, "parameters", {"tokens": 1e9}),
    (scale.loss_law, "tokens", {"parameters": 1e9}),
    (scale.kaplan, "parameters", {}),
    (scale.compute_optimal, "flops", {}),
    (scale.compute_optimal, "tokens_per_parameter", {"flops": 1e20}),
    (scale.chip_hours, "flops", {}),
    (scale.chip_hours, "peak", {"flops": 1e20}),
    (scale.chip_hours, "utilisation", {"flops": 1e20}),
    (scale.energy, "watts", {"flops": 1e20}),
    (scale.energy, "pue", {"flops": 1e20}),
    (scale.cost, "per_hour", {"flops": 1e20}),
    (scale.cost, "per_kwh", {"flops": 1e20}),
]


@pytest.mark.parametrize(("function", "name", "others"), POSITIVE)
@pytest.mark.parametrize("given", [0, -1.5, math.inf, math.nan, *HUGE, np.array([1.0, 0.0])], ids=short)
def test_what_is_not_above_zero_is_an_error(function, name, others, given):
    with pytest.raises(ValueError, match=rf"{name} must be .* got .*; pass a number in that range"):
        function(**{name: given}, **others)


@pytest.mark.parametrize(("function", "name", "others"), POSITIVE)
@pytest.mark.parametrize("given", ["7B", True, [1, 2], 1j], ids=str)
def test_what_is_no_number_is_an_error(function, name, others, given):
    with pytest.raises(TypeError, match=rf"{name} must be a number or an array of numbers, got .*"):
        function(**{name: given}, **others)


@pytest.mark.parametrize(
    "given", [np.array(["a"]), np.array([True]), np.array([10**20]), np.complex128(1)], ids=str
)
def test_an_array_of_something_else_is_an_error(given):
    with pytest.raises(TypeError, match="parameters must hold real numbers, got"):
        scale.kaplan(given)


def test_what_is_too_large_for_a_float_keeps_its_sign():
    for huge, shown in zip(HUGE, ("inf", "-inf"), strict=True):
        with pytest.raises(ValueError, match=f"got {shown};"):
            scale.kaplan(huge)


def test_the_ends_of_what_is_allowed():
    assert scale.energy(1e20, pue=1) == pytest.approx(scale.energy(1e20) / 1.1)
    assert scale.chip_hours(1e20, utilisation=1) == pytest.approx(0.4 * scale.chip_hours(1e20))


def test_parts_that_cannot_be():
    with pytest.raises(ValueError, match=r"utilisation must be above 0 and at most 1, got 1.2"):
        scale.chip_hours(1e20, utilisation=1.2)
    with pytest.raises(ValueError, match=r"pue must be 1 or more and finite, got 0.9"):
        scale.energy(1e20, pue=0.9)
    with pytest.raises(ValueError, match=r"give one price, per_hour=.* got none"):
        scale.cost(1e20)
    with pytest.raises(ValueError, match=r"give one price, .* got both"):
        scale.cost(1e20, per_hour=2, per_kwh=0.1)
