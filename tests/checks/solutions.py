"""The exercises of the notebooks: check, solution, and what the solution may call."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import nbformat
import numpy as np

from attnlab import checks
from attnlab.checks import verdict
from tests.checks.mutate import Mutant, mutants
from tests.notebook_laws import solutions, tags
from tests.refresh import NOTEBOOKS


@dataclass
class Exercise:
    """An exercise as its check sees it, and its solution as the notebook shows it."""

    name: str  # of the function
    notebook: str
    source: str
    names: dict[str, Any] = field(repr=False)
    reference: Callable
    cases: list[tuple] = field(repr=False)
    wrong: dict[Callable, str] = field(repr=False)
    draw: verdict.Draw | None

    def inputs(self, count: int) -> list[tuple]:
        """`count` inputs that are no cases of the check; its cases, where they are all that there are."""
        return verdict.drawn(self.draw, count, first=1000) if self.draw else self.cases

    def mutants(self) -> list[Mutant]:
        return mutants(self.source, [*self.cases, *self.inputs(50)], self.names)

    def function(self, source: str) -> Callable:
        """The function that `source` defines, with the names that the notebook has by then."""
        space = dict(self.names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mutant may look odd to the compiler
            exec(compile(source, f"<{self.name}>", "exec"), space)
        return space[self.name]

    def passes(self, attempt: Callable) -> bool:
        """Whether the check lets it pass. As in a notebook, warnings do not stop it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers, right = (verdict.answers_of(each, self.cases) for each in (attempt, self.reference))
            trial = verdict._Trial(attempt, self.reference, self.cases, answers, right, {})
            return verdict._verdict(trial)[0] == "PASS"

    def agrees(self, attempt: Callable, inputs: list[tuple]) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers, right = (verdict.answers_of(each, inputs) for each in (attempt, self.reference))
            return all(map(verdict._same, answers, right))


@cache
def exercises() -> dict[str, Exercise]:
    found = [each for path in sorted(NOTEBOOKS.glob("*.ipynb")) for each in _of_notebook(path)]
    return {each.name: each for each in found}


def _of_notebook(path: Any) -> Iterator[Exercise]:
    names: dict[str, Any] = {"np": np, "__name__": "__main__"}
    cells = nbformat.read(path, as_version=4).cells
    for cell, behind in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type != "code":
            continue
        exec(compile(ast.Module(list(_definitions(cell.source)), []), path.stem, "exec"), names)
        if "exercise" in tags(cell):
            [source] = solutions(behind.source)
            check = cell.source.rstrip().splitlines()[-1].split(" = ")[1].split("(")[0]
            yield _exercise(check, path.stem, source, dict(names))
            exec(compile(source, path.stem, "exec"), names)


def _definitions(source: str) -> Iterator[ast.stmt]:
    """The imports and the plain functions of a cell: nothing that computes."""
    for node in ast.parse(source).body:
        plain = isinstance(node, ast.FunctionDef) and not node.decorator_list and not node.args.defaults
        if plain or isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def _exercise(check: str, notebook: str, source: str, names: dict[str, Any]) -> Exercise:
    """What `check` hands to `judge`."""
    module, given = sys.modules[getattr(checks, check).__module__], {}

    def note(title, attempt, reference, cases, wrong, draw=None):
        drawn = verdict.drawn(draw, verdict.DRAWN) if draw else []
        given.update(reference=reference, cases=[*cases, *drawn], wrong=wrong, draw=draw)
        return reference

    kept, module.judge = module.judge, note
    try:
        getattr(checks, check)(lambda *arguments: None)
    finally:
        module.judge = kept
    return Exercise(check.removeprefix("check_"), notebook, source, names, **given)
