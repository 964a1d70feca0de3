"""What small models learn: the bounds that the notebooks speak of, over seeds that were not chosen."""

import pytest

from attnlab import tasks
from attnlab.models import Transformer
from attnlab.training import Run, WarmupCosine, fit

pytestmark = pytest.mark.slow


def trained(task: tasks.Task, steps: int, seed: int = 0, batch: int = 16, **choices: object) -> Run:
    model = Transformer.for_task(task, seed=seed, **choices)
    return fit(model, task, steps, batch=batch, schedule=WarmupCosine(20), seed=seed, frames=10)


@pytest.mark.parametrize("seed", [1, 2])
def test_reverse_puts_nine_tenths_of_its_attention_on_the_right_digit(seed: int) -> None:
    run = trained(tasks.reverse(seed=seed), 200, seed, d_model=16, d_ff=0)
    assert run.attended[-1, 0, 0] >= 0.9 and run.accuracy[-1] >= 0.99


def test_without_positions_it_cannot() -> None:
    run = trained(tasks.reverse(), 200, d_model=16, d_ff=0, positions="none")
    assert run.attended[-1, 0, 0] < 0.2 and run.accuracy[-1] < 0.5


@pytest.mark.parametrize("seed", [1, 2])
def test_induction_heads_put_seven_tenths_on_the_token_after(seed: int) -> None:
    shape = {"d_model": 32, "n_heads": 2, "n_layers": 2, "d_ff": 0, "positions": "rotary"}
    run = trained(tasks.induction(seed=seed), 300, seed, batch=32, **shape)
    assert run.attended[-1, 1].max() >= 0.7 and run.accuracy[-1] >= 0.95


def test_copy_is_solved_while_attention_idles() -> None:
    run = trained(tasks.copy(), 200, d_model=16, d_ff=0)
    assert run.accuracy[-1] >= 0.99 and run.attended[-1, 0, 0] < 0.5


def test_agreement_finds_the_subject_of_prefixes_it_has_not_seen() -> None:
    run = trained(tasks.agreement(), 300, d_model=32, n_heads=2)
    assert run.accuracy[-1] >= 0.95 and run.attended[-1, 0].max() >= 0.7


def test_an_encoder_decoder_looks_at_its_source() -> None:
    run = trained(tasks.encoder_decoder(tasks.reverse()), 200, d_model=32, d_ff=0)
    assert run.accuracy[-1] >= 0.95 and run.attended[-1, 0, 0] >= 0.7


def test_what_overfits_turns() -> None:
    run = fit(Transformer.for_task(tasks.overfit(), d_model=32), tasks.overfit(), 300, learning_rate=3e-3)
    validation = run.loss["validation"]
    assert run.loss["train"][-1] < run.loss["train"][0] / 3
    assert 0 < validation.argmin() < 30 and validation[-1] > 1.5 * validation.min()
