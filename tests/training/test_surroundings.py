"""What a training leaves alone: the model, threads, random numbers, other trainings; and what it takes."""

import copy
import random
import threading
from typing import Any

import numpy as np
import pytest
import torch

from attnlab import tasks
from attnlab.models import Transformer
from attnlab.training import Run, fit, sweep

from .cases import NOISY, TASK, Witness, assert_same, model

STEPS: dict[str, Any] = {"steps": 20, "frames": 5}


def test_the_model_stays_as_it_is() -> None:
    start = model(d_ff=12, n_layers=2)
    before, names = copy.deepcopy(start.state_dict()), [name for name, _ in start.named_parameters()]
    first = fit(start, TASK, **STEPS)
    assert [name for name, _ in start.named_parameters()] == names
    assert all(torch.equal(before[name], tensor) for name, tensor in start.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in start.parameters())
    assert_same(first, fit(start, TASK, **STEPS))


def test_a_trained_model_can_be_trained_further() -> None:
    first = fit(model(), TASK, **STEPS)
    second = fit(first.model(), TASK, **STEPS)
    assert torch.equal(torch.from_numpy(second.weights[0]), first.state["weights"].float())
    assert second.losses[-1] < first.losses[-1] < first.losses[0]


def test_what_a_run_gives_away_is_a_copy() -> None:
    run = fit(model(), TASK, **STEPS)
    expected = run.weights.copy(), run.state["weights"].clone()
    for each in (run.model(), run.last.model):
        torch.nn.utils.vector_to_parameters(torch.zeros(run.weights.shape[1]), each.parameters())
    run.last.weights["output.weight"][:] = 7
    assert np.array_equal(run.weights, expected[0]) and torch.equal(run.state["weights"], expected[1])


def test_gradients_are_taken_even_where_they_are_turned_off() -> None:
    with torch.no_grad():
        run = fit(model(), TASK, **STEPS)
        assert not torch.is_grad_enabled()
    assert_same(run, fit(model(), TASK, **STEPS))


# Threads


def large() -> Transformer:
    return model(d_model=32, n_heads=2, n_layers=2, d_ff=128)


@pytest.mark.usefixtures("two_threads")
def test_one_thread_while_it_trains_whatever_there_was() -> None:
    seen: set[int] = set()
    watch = Witness(lambda step: seen.add(torch.get_num_threads()))
    two = fit(large(), TASK, steps=8, batch=64, watch=watch)
    assert seen == {1} and torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert_same(two, fit(large(), TASK, steps=8, batch=64))
    assert torch.get_num_threads() == 1


@pytest.mark.usefixtures("two_threads")
def test_the_number_of_threads_is_put_back_after_a_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        fit(model(), TASK, watch=Witness(lambda step: 1 / 0), **STEPS)
    assert torch.get_num_threads() == 2
    with pytest.raises(ValueError, match="Nothing is trained yet"):
        fit(model(dtype=torch.float32, norm="none", init_scale=1e30), TASK, **STEPS)
    assert torch.get_num_threads() == 2


class Together:
    """Two trainings that meet at a step, in two threads; `first` leaves before `last`."""

    def __init__(self, start: dict[str, Any], last: str) -> None:
        self.meet, self.out = threading.Barrier(2, timeout=20), threading.Event()
        self.runs: dict[str, Run] = {}
        self.threads: dict[str, set[int]] = {"main": set(), "other": set()}
        self.last, self.start = last, start
        self.after: dict[str, int] = {}

    def train(self, name: str) -> None:
        def act(step: int) -> None:
            self.threads[name].add(torch.get_num_threads())
            if step == 3:
                self.meet.wait()
            if step == 5 and name == self.last:
                assert self.out.wait(20)

        self.runs[name] = fit(self.start[name], TASK, watch=Witness(act), **STEPS)
        self.after[name] = torch.get_num_threads()
        if name != self.last:
            self.out.set()

    def go(self) -> None:
        other = threading.Thread(target=self.train, args=("other",))
        other.start()
        self.train("main")
        other.join()


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("last", ["main", "other"])
def test_two_at_once_are_as_alone(last: str) -> None:
    """As when a cell is run again while the first still trains. OpenMP counts for each thread by itself."""
    start = {"main": model(d_ff=12), "other": model(n_heads=2, seed=3)}
    both = Together(start, last)
    both.go()
    for name, run in both.runs.items():
        assert_same(run, fit(start[name], TASK, **STEPS))
    assert both.threads == {"main": {1}, "other": {1}}
    assert both.after == {"main": 2, "other": 2} and torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_a_sweep_in_another_thread_while_one_trains_here() -> None:
    """A thread that is made meanwhile is told 1 by PyTorch: it must not leave 1 behind for all."""
    done: list[Any] = []

    def other() -> None:
        done.append(sweep(model, TASK, learning_rate=[1e-3, 1e-2], **STEPS))
        done.append(torch.get_num_threads())

    def count() -> None:
        done.append(torch.get_num_threads())

    thread = threading.Thread(target=other)
    run = fit(model(), TASK, watch=Witness(lambda step: thread.start() if step == 2 else None), **STEPS)
    thread.join()
    assert_same(done[0][1e-2], run)
    new = threading.Thread(target=count)
    new.start()
    new.join()
    assert done[1:] == [2, 2] and torch.get_num_threads() == 2


# Chance


def test_random_numbers_of_everybody_else_stay() -> None:
    def states() -> tuple[Any, ...]:
        return random.getstate(), repr(np.random.get_state()), torch.get_rng_state().tolist()

    before = states()
    run = fit(model(), TASK, **STEPS)
    run.last.attend("1 2")
    run.model()
    sweep(model, TASK, seed=[1, 2], **STEPS)
    assert states() == before
    torch.manual_seed(before_seed := 5)
    one = fit(model(), TASK, **STEPS)
    torch.manual_seed(before_seed + 1)
    assert_same(one, fit(model(), TASK, **STEPS))
    torch.set_rng_state(torch.tensor(before[2], dtype=torch.uint8))


def test_the_default_dtype_and_gradient_mode_stay() -> None:
    fit(model(dtype=torch.float32), TASK, **STEPS)
    assert torch.get_default_dtype() is torch.float32 and torch.is_grad_enabled()


# Size, and words


@pytest.mark.slow
@pytest.mark.parametrize("layers, steps", [(2, 400), (24, 38)])
def test_a_run_is_small(layers: int, steps: int) -> None:
    task = tasks.reverse(train=64)
    run = fit(Transformer.for_task(task, d_model=32, n_layers=layers), task, steps=steps, batch=2)
    assert run.ended == "finished" and run.nbytes < 30e6
    assert len(run) >= 12  # and still a film
    arrays = [run.weights, run.attention, *run.state.values()]
    assert run.nbytes > sum(each.nbytes for each in arrays)


def test_more_steps_are_not_more_frames() -> None:
    assert len(fit(model(), TASK, steps=333, frames=20).steps) <= 21


def test_words() -> None:
    run = fit(model(), TASK, steps=4, frames=2)
    train, validation = (f"{run.loss[name][-1]:.4g}" for name in ("train", "validation"))
    assert repr(run) == f"Run(reverse, step 4 of 4, loss: train {train}, validation {validation}; finished)"
    assert repr(run.at(3)) == "Frame(step 2 of reverse)"
    early = fit(model(NOISY), NOISY, steps=60, learning_rate=0.3, patience=3)
    assert "stopped early at step" in repr(early) and "of 60" in repr(early)
