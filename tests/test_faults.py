"""The notebooks alone catch faults of the library: one line is broken in a copy, and nbval must fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.plugin import NbCellError

from tests.nbval_plugin import running
from tests.refresh import NOTEBOOKS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
ROOT = NOTEBOOKS.parent


@dataclass(frozen=True)
class Fault:
    what: str
    module: str
    line: str  # as it stands
    broken: str
    notebook: str


NOTHING = Fault("nothing", "attention/scaled.py", "import numpy as np", "import numpy as np", "00_start_here")
CRASH = replace(NOTHING, what="a crash", broken="import numpy as np\n\n1 / 0")

FAULTS = [
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
        "panels/board.py",
        'control.observe(self._on_control, names="value")',
        "pass",
        "00_start_here",
    ),
    Fault(
        "check boxes that are not wired",
        "panels/controls/switches.py",
        'box.observe(self._gather, names="value")',
        "pass",
        "07_many_heads",
    ),
    Fault(
        "a hold that is never released",
        "panels/board.py",
        "finally:\n                self._held = False",
        "finally:\n                pass",
        "00_start_here",
    ),
    Fault(
        "an error that does not reach the screen",
        "panels/surface.py",
        "self.screen.error = error",
        "pass",
        "02_similarity",
    ),
    Fault(
        "a caption that is stale",
        "panels/screen.py",
        "caption=str(words),",
        'caption=self.frame.get("caption", str(words)),',
        "00_start_here",
    ),
    Fault(
        "an account that is stale",
        "panels/screen.py",
        "account=words.details,",
        'account=self.frame.get("account", words.details),',
        "00_start_here",
    ),
    Fault(
        "a preset that sets another value",
        "panels/panel.py",
        "self._move(self.presets[name])",
        "self._move(self._board.start)",
        "00_start_here",
    ),
    Fault(
        "a tour that skips a control",
        "panels/tour.py",
        "in board.specs.items():",
        "in list(board.specs.items())[1:]:",
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
        "a cache measured without its values",
        "models/trace.py",
        "for each in pair)",
        "for each in pair[:1])",
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
    # Only a picture shows these.
    Fault(
        "names at the ends of the wrong lines",
        "views/charts.py",
        "fonts.set_moving(drawn.parts.names, self._names, points, 0)",
        "fonts.set_moving(drawn.parts.names, self._names[::-1], points, 0)",
        "06_positions",
    ),
    Fault(
        "a legend that names the wrong lines",
        "views/charts.py",
        "zip(legend.get_texts(), self.series, strict=True)",
        "zip(legend.get_texts(), [*self.series][::-1], strict=True)",
        "09_gradient_flow",
    ),
    Fault(
        "a cursor at another step",
        "views/charts.py",
        "drawn.parts.cursor.set_xdata([self.at, self.at])",
        "drawn.parts.cursor.set_xdata([self.at * 0.8, self.at * 0.8])",
        "06_positions",
    ),
    Fault(
        "the colours of two parts swapped",
        "views/areas.py",
        "found = {name: PARTS.index(name) for",
        "found = {name: [2, 1, 0, 3, 4, 5][PARTS.index(name)] for",
        "12_model_scale",
    ),
    Fault(
        "two arrows with each other's colours",
        "views/points.py",
        "lines = LineCollection([], colors=[colours.lines[i] for i in kinds]",
        "lines = LineCollection([], colors=[colours.lines[i] for i in kinds[::-1]]",
        "02_similarity",
    ),
    Fault(
        "heads of a real model counted from another end",
        "pretrained/stored.py",
        "    weights = stored / MOST",
        "    weights = stored[:, ::-1] / MOST",
        "04_self_attention",
    ),
    Fault(
        "a stored map of another sentence",
        "pretrained/stored.py",
        "list(known).index(text)",
        "list(known).index(text) // 2 * 2",
        "04_self_attention",
    ),
    Fault(
        "keys rotated in the other pairing",
        "pretrained/structures.py",
        'if part in "qk" and',
        'if part in "q" and',
        "13_inside_a_model",
    ),
    Fault(
        "the norm after the embeddings left out",
        "models/transformer.py",
        "return self.embedding_norm(self.positions(self.embedding(tokens), start))",
        "return self.positions(self.embedding(tokens), start)",
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


def way(failure: NbCellError) -> str:
    """How a notebook failed: "difference", or the name of the error that stopped it."""
    if failure.inner_traceback is None or "differ" in str(failure):
        return "difference"
    plain = re.sub(r"\x1b\[[\d;]*m", "", failure.inner_traceback)
    return re.search(r"(?m)^(\w+) +Traceback", plain).group(1)


def id_of(fault: Fault) -> str:
    return fault.what.replace(" ", "-")


@pytest.fixture
def first_failure(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Fault, Path], NbCellError | None]:
    """Runs a notebook with a broken copy of the library, up to the first cell that fails."""

    def run(fault: Fault, path: Path) -> NbCellError | None:
        monkeypatch.setenv("PYTHONPATH", str(broken_copy(fault, tmp_path)))
        return running.first_failure(request.session, path)

    return run


@pytest.mark.parametrize("fault", FAULTS, ids=id_of)
def test_nbval_catches(fault: Fault, first_failure: Callable) -> None:
    """By another output or by what the notebook itself asserts: a crash would need no notebook."""
    failure = first_failure(fault, NOTEBOOKS / f"{fault.notebook}.ipynb")
    assert failure is not None and way(failure) in ("difference", "AssertionError"), failure


@pytest.mark.parametrize("fault", [NOTHING, CRASH], ids=id_of)
def test_the_broken_copy_is_what_runs(fault: Fault, first_failure: Callable, tmp_path: Path) -> None:
    home = tmp_path / "lib" / "attnlab" / "attention" / "scaled.py"
    source = "import attnlab.attention.scaled as it\nprint(it.__file__)"
    said = new_output("stream", name="stdout", text=f"{home}\n")
    cells = [new_code_cell(source, execution_count=1, outputs=[said])]
    nbformat.write(new_notebook(cells=cells), tmp_path / "made.ipynb")
    failure = first_failure(fault, tmp_path / "made.ipynb")
    assert (failure and way(failure)) == (None if fault is NOTHING else "ZeroDivisionError")


def test_a_whole_copy_is_not_refused(first_failure: Callable) -> None:
    assert first_failure(NOTHING, NOTEBOOKS / f"{NOTHING.notebook}.ipynb") is None


@pytest.mark.parametrize("fault", [replace(NOTHING, line="import nothing"), replace(NOTHING, line="def ")])
def test_a_line_that_is_gone_or_stands_twice_is_found(fault: Fault, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no longer stands once"):
        broken_copy(fault, tmp_path)


def test_the_command_says_so_too(tmp_path: Path) -> None:
    fault = next(fault for fault in FAULTS if fault.what == "mask ignored")
    environment = {**os.environ, "PYTHONPATH": str(broken_copy(fault, tmp_path))}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += [f"notebooks/{fault.notebook}.ipynb"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8")
    assert ran.returncode == 1 and re.search(r"1 failed", ran.stdout), ran.stdout[-3000:]
