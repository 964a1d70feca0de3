"""The notebooks alone catch faults of the library: one line is broken in a copy, and nbval must fail."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Fault:
    what: str
    module: str
    line: str  # as it stands
    broken: str
    notebook: str


FAULTS = [
    Fault("nothing", "attention/scaled.py", "import numpy as np", "import numpy as np", "00_start_here"),
    Fault("1/√d_k dropped", "attention/scaled.py", "* scale  # [", "# [", "04_self_attention"),
    Fault(
        "mask ignored", "attention/scaled.py", "np.where(mask, scores, -np.inf)", "scores", "00_start_here"
    ),
    Fault(
        "softmax over the wrong axis",
        "attention/scaled.py",
        "positive / positive.sum(axis=axis,",
        "positive / positive.sum(axis=-1 - axis - scores.ndim,",
        "00_start_here",
    ),
    Fault(
        "temperature inverted",
        "attention/scaled.py",
        "keepdims=True)) / as_temperature",
        "keepdims=True)) * as_temperature",
        "00_start_here",
    ),
    Fault(
        "a panel that no longer reacts",
        "panel.py",
        'control.observe(self._on_control, names="value")',
        "pass",
        "00_start_here",
    ),
    Fault(
        "a digest that is stale",
        "screen.py",
        '"digest": frame.digest,',
        '"digest": self.frame.get("digest", frame.digest),',
        "00_start_here",
    ),
    Fault(
        "byte pairs merged from the rarest",
        "tokens/bytepair.py",
        "return -self.counts[pair],",
        "return self.counts[pair],",
        "01_text_to_vectors",
    ),
    Fault("patches cut into rows", "tokens/signals.py", "rows.swapaxes(1, 2)", "rows", "01_text_to_vectors"),
    Fault(
        "a token does not see itself",
        "attention/scaled.py",
        "np.tril(np.ones((n, n), dtype=bool))",
        "np.tril(np.ones((n, n), dtype=bool), -1)",
        "05_masks",
    ),
    Fault(
        "one pad is seen",
        "attention/scaled.py",
        "np.arange(n) < lengths[",
        "np.arange(n) <= lengths[",
        "05_masks",
    ),
    Fault(
        "rotary turns the wrong way",
        "attention/positions.py",
        "even * cos - odd * sin, even * sin + odd * cos",
        "even * cos + odd * sin, odd * cos - even * sin",
        "06_positions",
    ),
    Fault(
        "a slope of ALiBi too steep", "attention/positions.py", "2.0 ** (-8 *", "2.0 ** (-4 *", "06_positions"
    ),
    Fault(
        "heads get whole tokens",
        "attention/scaled.py",
        "projected.reshape(*leading, n_heads, columns // n_heads).swapaxes(-3, -2)",
        "projected.reshape(*leading[:-1], n_heads, leading[-1], columns // n_heads)",
        "07_many_heads",
    ),
    Fault(
        "heads joined in the wrong order",
        "attention/scaled.py",
        "found.output.swapaxes(-3, -2).reshape",
        "found.output.reshape",
        "07_many_heads",
    ),
    Fault(
        "validation loss on training data",
        "training/recorder.py",
        "self.validation = Batch.of(self.task.validation)",
        "self.validation = Batch.of(self.task.train).take(torch.arange(64))",
        "08_a_layer_learns",
    ),
    Fault(
        "recorder one step late",
        "training/loop.py",
        "self.record.add(moment, self.weights, self.role)",
        "self.record.add(moment, self.weights - update, self.role)",
        "08_a_layer_learns",
    ),
    Fault(
        "residual dropped",
        "models/parts.py",
        "x + found if self.residual else found",
        "found",
        "09_gradient_flow",
    ),
    Fault(
        "pre-norm and post-norm swapped",
        "models/parts.py",
        'self.before, self.after = norm(config, "pre"), norm(config, "post")',
        'self.before, self.after = norm(config, "post"), norm(config, "pre")',
        "09_gradient_flow",
    ),
    Fault(
        "clipping off by a factor",
        "training/loop.py",
        "share = most / gradient.norm(",
        "share = 2 * most / gradient.norm(",
        "09_gradient_flow",
    ),
    Fault(
        "warm-up one step late",
        "training/schedules.py",
        "return (step + 1) / self.warmup",
        "return step / self.warmup",
        "10_training_recipe",
    ),
    Fault(
        "the rate of the next step",
        "training/loop.py",
        "self._each(plan.rate(self.step) for plan",
        "self._each(plan.rate(self.step + 1) for plan",
        "10_training_recipe",
    ),
    Fault(
        "patience ignored in a training",
        "training/recorder.py",
        "return steps[-1] - steps[best] >= plan.patience",
        "return False",
        "10_training_recipe",
    ),
    Fault(
        "patience ignored in early_stop",
        "training/plan.py",
        "if patience is not None and steps[now] - steps[best] >= patience:",
        "if False:",
        "10_training_recipe",
    ),
    Fault(
        "a decoder that sees everything",
        "models/transformer.py",
        'if self.config.kind == "encoder":\n            return mask',
        'if self.config.kind == "decoder":\n            return mask',
        "11_three_structures",
    ),
    Fault(
        "an encoder-decoder that sees what comes later",
        "models/transformer.py",
        'if self.config.kind == "encoder":\n            return mask',
        'if self.config.kind != "decoder":\n            return mask',
        "11_three_structures",
    ),
    Fault(
        "cross-attention that is causal",
        "models/parts.py",
        "self.cross(x, memory, None,",
        "self.cross(x, memory, mask,",
        "11_three_structures",
    ),
    Fault(
        "a forgotten bias in the count",
        "scale/counting.py",
        "return d_in * d_out + d_out * bool(bias)",
        "return d_in * d_out",
        "12_model_scale",
    ),
    Fault(
        "a cache counted one token short",
        "scale/memory.py",
        "2 * config.n_layers * config.narrow * (tokens + source)",
        "2 * config.n_layers * config.narrow * (tokens - 1 + source)",
        "12_model_scale",
    ),
    Fault(
        "a cache that forgets its first token",
        "models/trace.py",
        "torch.cat(pair, -2) for pair",
        "torch.cat(pair, -2)[..., 1:, :] for pair",
        "12_model_scale",
    ),
    Fault(
        "an ablation that does nothing",
        "models/changes.py",
        "        return changed\n",
        "        return tensor\n",
        "13_inside_a_model",
    ),
    Fault(
        "the wrong head switched off",
        "models/changes.py",
        "(*found.get(place, ()), head)",
        "(*found.get(place, ()), 1 - head)",
        "13_inside_a_model",
    ),
    Fault(
        "a patch one place too far",
        "models/changes.py",
        "torch.isin(torch.arange(count), ",
        "torch.isin(torch.arange(count) - 1, ",
        "13_inside_a_model",
    ),
    Fault(
        "layers of a pretrained model turned round",
        "pretrained/maps.py",
        "torch.cat(tuple(maps))",
        "torch.cat(tuple(maps[::-1]))",
        "13_inside_a_model",
    ),
]


def broken_copy(fault: Fault, folder: Path) -> Path:
    library = folder / "lib"
    shutil.copytree(ROOT / "lib", library, ignore=shutil.ignore_patterns("__pycache__"))
    module = library / "attnlab" / fault.module
    source = module.read_text(encoding="utf-8")
    assert source.count(fault.line) == 1, f"{fault.line!r} no longer stands once in {fault.module}"
    module.write_text(source.replace(fault.line, fault.broken), encoding="utf-8")
    return library


def run_notebook(fault: Fault, folder: Path) -> subprocess.CompletedProcess[str]:
    library = broken_copy(fault, folder)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"notebooks/{fault.notebook}.ipynb"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(library)}, capture_output=True, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """Every fault's run, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield {f.what: pool.submit(run_notebook, f, tmp_path_factory.mktemp("library")) for f in FAULTS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what.replace(" ", "-"))
def test_nbval_catches(fault: Fault, runs: dict[str, Future]) -> None:
    ran = runs[fault.what].result()
    failed = re.search(r"(\d+) failed", ran.stdout)
    assert bool(failed) == (fault.what != "nothing"), ran.stdout[-3000:]
    assert ran.returncode == (1 if failed else 0), ran.stdout[-3000:]
    assert "ImportError" not in ran.stdout and "SyntaxError" not in ran.stdout
