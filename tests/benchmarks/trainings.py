"""Training: a sweep against one by one, what the recorder costs, and a step against PyTorch's own layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from attnlab import Bars, Curves, Heatmap, Scrub, explore, tasks
from attnlab.models import Transformer
from attnlab.panels.panel import Panel
from attnlab.training import Run, fit, sweep
from attnlab.training.stack import one_thread
from tests.benchmarks.pictures import LAST, START
from tests.benchmarks.tables import table
from tests.benchmarks.tokens import seconds

RATES = np.geomspace(1e-4, 1, 16)
TASK = tasks.reverse()
SMALL = {"d_model": 16, "d_ff": 0}
LARGER = {"d_model": 32, "n_heads": 2, "n_layers": 2}


def small(dtype: torch.dtype = torch.float64, **choices: Any) -> Transformer:
    return Transformer.for_task(TASK, **SMALL | choices).to(dtype)


# ---------------------------------------------------------------- a sweep


def sweeps(quick: bool) -> dict[str, dict[str, float]]:
    steps, repeats = (20, 1) if quick else (150, 3)
    cases = {
        "d16, 1 layer, float32": (SMALL, torch.float32),
        "d16, 1 layer, float64": (SMALL, torch.float64),
        "d32, 2 layers, float32": (LARGER, torch.float32),
    }
    return {name: swept(*case, steps, repeats) for name, case in cases.items()}


def swept(choices: dict[str, Any], dtype: torch.dtype, steps: int, repeats: int) -> dict[str, float]:
    """CPU seconds of both ways; the runs must be equal to the last bit."""

    def make() -> Transformer:
        return small(dtype, **choices)

    def together() -> Any:
        return sweep(make, TASK, steps, learning_rate=RATES)

    def alone() -> list[Run]:
        return [fit(make(), TASK, steps, learning_rate=float(rate)) for rate in RATES]

    runs = together()
    for rate, lone in zip(RATES, alone(), strict=True):
        assert runs[rate].ended == lone.ended
        for name in ("losses", "weights", "attention", "gradient_norm", "update_ratio", "flow", "attended"):
            assert (getattr(runs[rate], name) == getattr(lone, name)).all(), f"{name} at {rate}"
    return {"together": seconds(together, repeats), "alone": seconds(alone, repeats), "steps": steps}


# ---------------------------------------------------------------- the recorder


def recorders(quick: bool) -> dict[str, dict[str, float]]:
    """A training that keeps two frames, against one that keeps 50; validation is part of both."""
    steps, repeats = (50, 1) if quick else (400, 5)
    found = {}
    for name, choices in (("d16, 1 layer", SMALL), ("d32, 2 layers", LARGER)):
        model = small(**choices)
        found[name] = {
            "bare": seconds(lambda model=model: fit(model, TASK, steps, frames=1), repeats),
            "recorded": seconds(lambda model=model: fit(model, TASK, steps), repeats),
            "bytes": fit(model, TASK, steps).nbytes,
        }
    deep = fit(small(d_model=32, n_layers=24), TASK, 4 if quick else 100)
    found["d32, 24 layers"] = {"bytes": deep.nbytes}
    return found


# ---------------------------------------------------------------- a step


class Theirs(nn.Module):
    """The same model from `torch.nn.TransformerEncoderLayer`."""

    def __init__(self, d_model: int, n_heads: int, n_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TASK.size, d_model)
        self.positions = nn.Parameter(torch.randn(TASK.length, d_model))
        layers = [
            nn.TransformerEncoderLayer(
                d_model, n_heads, 4 * d_model, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(n_layers)
        ]
        self.layers, self.norm = nn.ModuleList(layers), nn.LayerNorm(d_model)
        self.output = nn.Linear(d_model, TASK.size)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))


def train_theirs(model: nn.Module, steps: int, batch: int = 16) -> None:
    """A plain loop: no record, no checks."""
    inputs, targets = torch.from_numpy(TASK.train.inputs), torch.from_numpy(TASK.train.targets)
    optimiser, rng = torch.optim.AdamW(model.parameters(), lr=1e-2), np.random.default_rng(0)
    with one_thread():
        for _ in range(steps):
            rows = torch.from_numpy(rng.integers(len(inputs), size=batch))
            loss = nn.functional.cross_entropy(model(inputs[rows]).flatten(0, 1), targets[rows].flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def steps_of(quick: bool) -> dict[str, dict[str, float]]:
    """CPU milliseconds of one step more: without what a training costs before and after its steps."""
    most, repeats = (40, 1) if quick else (400, 5)
    found = {}
    for name, sizes in (("d16, 1 layer", (16, 1, 1)), ("d32, 2 layers", (32, 2, 2))):
        shape = dict(zip(("d_model", "n_heads", "n_layers"), sizes, strict=True))
        for dtype in (torch.float32, torch.float64):
            ours, theirs = small(dtype, d_ff=None, **shape), Theirs(*sizes).to(dtype)
            ways = {
                "ours": lambda steps, m=ours: fit(m, TASK, steps, frames=1),
                "theirs": lambda steps, m=theirs: train_theirs(m, steps),
            }
            found[f"{name}, {str(dtype).removeprefix('torch.')}"] = {
                who: per_step(way, most, repeats) for who, way in ways.items()
            }
    return found


def per_step(train: Callable[[int], Any], most: int, repeats: int) -> float:
    few = most // 4
    more = seconds(lambda: train(most), repeats) - seconds(lambda: train(few), repeats)
    return 1000 * more / (most - few)


# ---------------------------------------------------------------- three linked views, moved


@cache
def recorded() -> dict[int, Run]:
    """16 trainings of 64 moments, by the place of their learning rate."""
    runs = sweep(small, TASK, LAST, learning_rate=RATES, frames=LAST)
    return dict(enumerate(runs.runs))


def trio(run: Run, step: int) -> tuple[Heatmap, Curves, Bars]:
    frame, names = run.at(step), [str(i) for i in range(TASK.length)]
    axis = {"x": run.steps, "at": step, "xlabel": "step", "ylim": (0, 4)}
    return (
        Heatmap(frame.attention[0, 0], names, names, "attention", limit=1),
        Curves({name: np.minimum(y, 4) for name, y in run.loss.items()}, "loss", **axis),
        Bars(
            frame.gradient_norm,
            title="gradient",
            log=True,
            limit=10,
            floor=1e-6,
        ),
    )


def panels() -> dict[str, Panel]:
    """The slider of both is called step, as the benchmark of moves wants it."""

    def scrub(step: int) -> tuple[Heatmap, Curves, Bars]:
        return trio(recorded()[11], step)

    def rates(step: int) -> tuple[Heatmap, Curves, Bars]:
        return trio(recorded()[step % len(RATES)], 40)

    steps = Scrub(range(LAST + 1), START)
    return {
        "a training: the step moved": explore(scrub, step=steps),
        "16 trainings: the learning rate moved": explore(rates, step=steps),
    }


# ---------------------------------------------------------------- all


def measure(quick: bool) -> dict[str, Any]:
    return {"sweeps": sweeps(quick), "recorder": recorders(quick), "step": steps_of(quick)}


def show(found: dict[str, Any]) -> str:
    swept = [
        (name, f"{n['together']:.2f}", f"{n['alone']:.2f}", f"{n['alone'] / n['together']:.1f}")
        for name, n in found["sweeps"].items()
    ]
    steps = next(iter(found["sweeps"].values()))["steps"]
    heads = (f"16 learning rates, {steps} steps", "together, s CPU", "one by one, s CPU", "times faster")
    recorded = [(name, *_recorded(n)) for name, n in found["recorder"].items()]
    step = [(name, f"{n['ours']:.2f}", f"{n['theirs']:.2f}") for name, n in found["step"].items()]
    return "\n\n".join([
        table(heads, swept),
        table(("recorder", "2 frames, s CPU", "50 frames, s CPU", "more", "MB a run"), recorded),
        table(("a training step", "ours, ms CPU", "nn.TransformerEncoderLayer, ms CPU"), step),
    ])  # fmt: skip


def _recorded(n: dict[str, float]) -> tuple[str, str, str, str]:
    size = f"{n['bytes'] / 1e6:.1f}"
    if "bare" not in n:
        return "", "", "", size
    more = 100 * (n["recorded"] / n["bare"] - 1)
    return f"{n['bare']:.2f}", f"{n['recorded']:.2f}", f"{more:.0f} %", size
