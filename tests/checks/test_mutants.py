"""Every check refuses every mutant of its solution, but for those that are no mistakes."""

from __future__ import annotations

import pytest

from attnlab import checks
from tests.checks.equivalent import EQUIVALENT
from tests.checks.mutate import Mutant
from tests.checks.solutions import Exercise, exercises

NAMES = [name.removeprefix("check_") for name in checks.__all__ if name.startswith("check_")]
INPUTS = 1000


def test_every_check_has_an_exercise() -> None:
    assert sorted(NAMES) == sorted(exercises())


@pytest.mark.parametrize("name", NAMES)
def test_mutants_are_refused(name: str) -> None:
    exercise, equivalent = exercises()[name], EQUIVALENT.get(name, {})
    found = exercise.mutants()
    passed = [each for each in found if exercise.passes(exercise.function(each.source))]
    assert {each.change for each in passed} == set(equivalent)
    assert len(passed) <= len(found) / 10 and len(found) >= 10
    assert all(same_everywhere(exercise, each) for each in passed)


def same_everywhere(exercise: Exercise, mutant: Mutant) -> bool:
    """Whether a mutant gives what the solution gives, on a thousand inputs."""
    return exercise.agrees(exercise.function(mutant.source), exercise.inputs(INPUTS))


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_is_the_solution(name: str) -> None:
    exercise = exercises()[name]
    assert exercise.agrees(exercise.function(exercise.source), exercise.inputs(INPUTS))


def test_reasons_are_given() -> None:
    assert set(EQUIVALENT) <= set(NAMES)
    assert all(len(reason) > 15 for changes in EQUIVALENT.values() for reason in changes.values())
