"""Every check lets a right answer pass, in whatever form and order it is written."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import checks
from tests.checks import rewrite
from tests.checks.solutions import Exercise, exercises

NAMES = [name.removeprefix("check_") for name in checks.__all__ if name.startswith("check_")]


@pytest.fixture
def exercise(request: pytest.FixtureRequest) -> Exercise:
    return exercises()[request.param]


def of_all(*, but: dict[str, str] | None = None) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "exercise", [each for each in NAMES if each not in (but or {})], indirect=True
    )


@of_all()
@pytest.mark.parametrize("form", rewrite.FORMS)
def test_another_form_passes(exercise: Exercise, form: str) -> None:
    assert exercise.passes(rewrite.in_form(exercise.function(exercise.source), form))


@of_all()
@pytest.mark.parametrize("kind", [list, tuple])
def test_parts_pass_as_list_and_tuple(exercise: Exercise, kind: type) -> None:
    assert exercise.passes(rewrite.as_parts(exercise.function(exercise.source), kind))


@of_all()
def test_single_precision_passes(exercise: Exercise) -> None:
    assert exercise.passes(rewrite.on_float32(exercise.function(exercise.source)))


@of_all()
def test_another_way_to_write_it_passes(exercise: Exercise) -> None:
    exercise.names.update(rewrite.NAMES)
    refused = [
        how
        for how, text in rewrite.rewritten(exercise.source)
        if not exercise.passes(exercise.function(text))
    ]
    assert not refused


@of_all()
def test_the_notebook_goes_on_with_arrays(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    """What `judge` returns for an attempt that gives lists gives what the reference gives."""
    attempt = rewrite.in_form(exercise.function(exercise.source), "lists")
    returned = getattr(checks, f"check_{exercise.name}")(attempt)
    assert capsys.readouterr().out.startswith("PASS")
    for case in exercise.cases:
        one, other = returned(*case), exercise.reference(*case)
        assert isinstance(other, np.ndarray) <= (type(one) is np.ndarray)


def test_the_right_answers_are_right_by_loops() -> None:
    rng = np.random.default_rng(0)
    for shapes in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4))):
        a, b = (rng.normal(size=shape) for shape in shapes)
        assert np.allclose(rewrite.by_loops(a, b), a @ b) and np.allclose(rewrite.by_einsum(a, b), a @ b)
