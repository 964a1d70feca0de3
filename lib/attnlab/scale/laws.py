"""Published scaling laws, and what a training run costs under assumptions that you name.

The laws were fitted to the models and the text of their papers. They are not laws of nature: another
vocabulary, text or optimiser gives other numbers. Sizes may be NumPy arrays.
"""

from typing import Any, NamedTuple

import numpy as np

from .arguments import positive

# Hoffmann et al. (2022), https://arxiv.org/abs/2203.15556, section 3.3 (approach 3) and appendix D.3.
LOWEST, OF_SIZE, OF_DATA, SIZE_POWER, DATA_POWER = 1.69, 406.4, 410.7, 0.34, 0.28
# Kaplan et al. (2020), https://arxiv.org/abs/2001.08361, equation 1.1.
KAPLAN_SIZE, KAPLAN_POWER = 8.8e13, 0.076
# Assumptions, for you to change. A100 SXM: 312 TFLOP/s in bf16 and at most 400 W, by NVIDIA's data sheet.
A100_PEAK, A100_WATTS = 312e12, 400.0
# Llama 3 reached 38 to 43 percent of the peak: Grattafiori et al. (2024), Table 4.
UTILISATION = 0.4
# What a data centre draws for each watt of a chip; Patterson et al. (2021), https://arxiv.org/abs/2104.10350.
PUE = 1.1


class ComputeOptimal(NamedTuple):
    """How to spend FLOPs: on how many parameters, trained on how many tokens."""

    parameters: Any
    tokens: Any


def loss_law(parameters: Any, tokens: Any) -> Any:
    """Loss in nats per token of N parameters trained on D tokens: 1.69 + 406.4 / N^0.34 + 410.7 / D^0.28.

    Hoffmann et al. (2022), approach 3. Besiroglu et al. (2024), https://arxiv.org/abs/2404.10102, refitted
    the data of its figure and found other numbers. Raises TypeError or ValueError: not above 0.
    """
    parameters, tokens = positive("parameters", parameters), positive("tokens", tokens)
    return LOWEST + OF_SIZE / parameters**SIZE_POWER + OF_DATA / tokens**DATA_POWER


def kaplan(parameters: Any) -> Any:
    """Loss in nats per token of N parameters without embeddings, if data do not limit it: (8.8e13 / N)^0.076.

    Kaplan et al. (2020). Raises TypeError or ValueError: not above 0.
    """
    return (KAPLAN_SIZE / positive("parameters", parameters)) ** KAPLAN_POWER


@np.errstate(under="ignore")
def compute_optimal(flops: Any, tokens_per_parameter: float | None = 20.0) -> ComputeOptimal:
    """The best model size and number of tokens for `flops`, with 6 N D = flops.

    By the rule of thumb of 20 tokens per parameter (Hoffmann et al. 2022, Table 3), or another number. None:
    the minimum of `loss_law` for these FLOPs (equation 4). That gives more tokens per parameter, and the
    more, the larger the model: the approaches of the paper do not agree, and its rounded numbers move the
    minimum further (Besiroglu et al. 2024). Raises TypeError or ValueError: not above 0.
    """
    products = positive("flops", flops) / 6
    if tokens_per_parameter is not None:
        ratio = positive("tokens_per_parameter", tokens_per_parameter)
        return ComputeOptimal(products**0.5 / ratio**0.5, products**0.5 * ratio**0.5)
    both = SIZE_POWER + DATA_POWER
    g = (SIZE_POWER * OF_SIZE / (DATA_POWER * OF_DATA)) ** (1 / both)
    return ComputeOptimal(g * products ** (DATA_POWER / both), products ** (SIZE_POWER / both) / g)


@np.errstate(under="ignore")
def chip_hours(flops: Any, *, peak: float = A100_PEAK, utilisation: float = UTILISATION) -> Any:
    """Hours on one chip that can do `peak` FLOP a second and reaches the share `utilisation` of it.

    The defaults are assumptions: an A100 in bf16, 0.4. Raises TypeError or ValueError: not above 0, or a
    utilisation above 1.
    """
    flops, peak = positive("flops", flops), positive("peak", peak)
    return flops / (peak * positive("utilisation", utilisation, most=1.0)) / 3600


@np.errstate(under="ignore")
def energy(
    flops: Any,
    *,
    peak: float = A100_PEAK,
    utilisation: float = UTILISATION,
    watts: float = A100_WATTS,
    pue: float = PUE,
) -> Any:
    """Energy in kWh: chip hours · watts · what the data centre draws per watt of the chip (PUE, 1 or more).

    The defaults are assumptions: an A100 that always draws its maximum, a PUE of 1.1. This is for the final
    run alone: no trials, no storage, no making of the chips. Raises as `chip_hours` does; ValueError: a PUE
    below 1.
    """
    hours = chip_hours(flops, peak=peak, utilisation=utilisation)
    return hours * positive("watts", watts) / 1000 * positive("pue", pue, least=1.0)


@np.errstate(under="ignore")
def cost(
    flops: Any, *, per_hour: float | None = None, per_kwh: float | None = None, **assumptions: float
) -> Any:
    """The cost, in the currency of the price: chips rented `per_hour`, or electricity alone `per_kwh`.

    Give one of the two; it has no default, because prices change. assumptions: those of `chip_hours`, or of
    `energy`. Raises as they do; ValueError: both prices or none.
    """
    if (per_hour is None) == (per_kwh is None):
        given = "none" if per_hour is None else "both"
        raise ValueError(
            f"give one price, per_hour=... (of a chip) or per_kwh=... (of electricity), got {given}"
        )
    if per_kwh is not None:
        return energy(flops, **assumptions) * positive("per_kwh", per_kwh)
    return chip_hours(flops, **assumptions) * positive("per_hour", per_hour)
