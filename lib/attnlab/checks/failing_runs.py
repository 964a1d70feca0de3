"""The last exercise of notebook 10: five trainings that do not work, and what speaks against a wrong cause.

Each is the healthy training with one setting changed. Who wants to diagnose them should not read on here.
"""

from collections.abc import Callable
from typing import Any

from .verdict import answers_of, judge

CAUSES = (
    "learning rate too low",
    "learning rate too high",
    "weights too large at the start",
    "scores too large: softmax saturated from the start",
    "no positions",
    "targets moved by one place",
    "targets shuffled",
    "too few data: learnt by heart",
)
_LOW, _HIGH, _LARGE, _SATURATED, _PLACELESS, _MOVED, _SHUFFLED, _FEW = CAUSES
_HEALTHY = {"learning_rate": 0.01, "init_scale": 1.0, "positions": "learned", "moved": 0}
_CHANGED: dict[str, dict[str, Any]] = {
    "healthy": {},
    "A": {"moved": 1},
    "B": {"learning_rate": 0.3},
    "C": {"init_scale": 5.0},
    "D": {"learning_rate": 0.0001},
    "E": {"positions": "none"},
}
_RIGHT = {"A": _MOVED, "B": _HIGH, "C": _LARGE, "D": _LOW, "E": _PLACELESS}


def patient(name: str) -> dict[str, Any]:
    """The settings of a training: "healthy", or one of "A" to "E", where one of them is changed.

    learning_rate; init_scale and positions of the model; moved: by how many places the targets of the
    training data are moved. ValueError: another name.
    """
    if name not in list(_CHANGED):
        raise ValueError(f"there is no patient {name!r}: choose one of {', '.join(_CHANGED)}")
    return _HEALTHY | _CHANGED[name]


def check_diagnose(attempt: Callable) -> Callable:
    """`diagnose(name)`: the cause of the trouble of training "A" to "E", one of the printed ones."""
    mistaken = _mistaken(attempt)
    found = judge("five diagnoses", mistaken or attempt, _diagnose, [(name,) for name in _RIGHT], _WRONG)
    return attempt if found is attempt else _diagnose


def _diagnose(name: str) -> str:
    return _RIGHT[name]


def _mistaken(attempt: Callable) -> Callable | None:
    """All right but for the first wrong text that `attempt` gives: a check speaks of one thing at a time."""
    answers = answers_of(attempt, [(name,) for name in _RIGHT])
    for answer, (name, right) in zip(answers, _RIGHT.items(), strict=True):
        if isinstance(answer.value, str) and answer.value != right:
            return _saying(name, answer.value if answer.value in CAUSES else "?")
    return None


def _saying(name: str, cause: str) -> Callable[[str], str]:
    """Right for all, but `cause` for one of them."""

    def diagnose(asked: str) -> str:
        return cause if asked == name else _RIGHT[asked]

    return diagnose


_AGAINST = {
    "A": {
        _LOW: "its training loss falls to 0.04 within the 150 steps. Its rate is high enough.",
        _HIGH: "its training loss falls smoothly to 0.04. With steps that are too large it would be stuck.",
        _LARGE: "at step 0 its loss is near 2.8. Large weights are sure and wrong: a far higher loss.",
        _SATURATED: "at step 0 its map has soft rows. Saturated rows have a single 1 before the first step.",
        _PLACELESS: "at the end each row of its map looks at a place of its own, so it knows the places.",
        _SHUFFLED: "its training loss falls to 0.04, with one clean line in the map: its data have a rule.",
        _FEW: (
            "its map has one clean line at the end. That is a rule, and not learning by heart. "
            "Compare where the line of the healthy one stands."
        ),
    },
    "B": {
        _LOW: "at step 0 its update ratio is 1.2: the updates are as large as the weights. Not too small.",
        _LARGE: "its loss at step 0 is that of the healthy one, 2.8. The trouble comes with the first steps.",
        _SATURATED: "at step 0 its map has soft rows, as the healthy one. It saturates later: why?",
        _PLACELESS: "at step 0 rows of equal digits differ: it knows the places. Watch the first 10 steps.",
        _MOVED: "its training loss stays near 2.3. Moved targets still have a rule, which would be learnt.",
        _SHUFFLED: (
            "with shuffled targets the updates have the usual size. Look at the update ratio at the first "
            "step, and at the gradient of W_Q some steps later: it has died."
        ),
        _FEW: "its training loss stays near 2.3: it has learnt nothing, not even by heart.",
    },
    "C": {
        _LOW: "its loss falls fast, by 3 and more in 10 steps. Look at where it begins.",
        _HIGH: (
            "its update ratio at step 10 is a seventh of that of the healthy one: its steps are small for "
            "its weights. Why may that be?"
        ),
        _SATURATED: (
            "its map is saturated at step 0, that is right. But scores alone cannot lift the loss at step 0 "
            "to 9: what makes the logits so large, too?"
        ),
        _PLACELESS: "rows of equal digits differ in its map, at step 0 too. So it knows the places.",
        _MOVED: "targets do not change the map at step 0, and here it is saturated before any training.",
        _SHUFFLED: "at step 0 a guess costs 2.3, whatever the targets are. Its loss begins near 9.",
        _FEW: "its training loss ends near that of a guess: it has learnt little, and nothing by heart.",
    },
    "D": {
        _HIGH: "its update ratio is below 0.001 from the first step on, and its map hardly moves.",
        _LARGE: "its loss at step 0 is that of the healthy one, 2.8.",
        _SATURATED: "its map has soft rows from the first step to the last.",
        _PLACELESS: "rows of equal digits differ in its map. Without positions they would be the same.",
        _MOVED: "with moved targets the training loss would fall. Here both losses are nearly flat.",
        _SHUFFLED: (
            "shuffled targets cannot keep the loss at 2.7: even a guess gets to 2.3. Its map hardly moves. "
            "Look at the update ratio."
        ),
        _FEW: "its training loss is as high as its validation loss: nothing is learnt by heart.",
    },
    "E": {
        _LOW: "its update ratio at step 0 is that of the healthy one, and its loss does fall, to 2.0.",
        _HIGH: "its loss falls smoothly to 2.0, and W_Q still has a gradient at the end.",
        _LARGE: "its loss at step 0 is near 2.7, as it should be.",
        _SATURATED: "its rows are soft from the first step to the last.",
        _MOVED: (
            "its validation loss falls together with its training loss: both have the same rule. "
            "Compare the rows of equal digits in its map."
        ),
        _SHUFFLED: "its validation loss falls to 2.0, below that of a guess (2.3): something is learnt.",
        _FEW: "its training loss is as high as its validation loss, so it is not learning by heart.",
    },
}

_WRONG = {
    _saying(name, cause): f"{name}: {why}" for name, told in _AGAINST.items() for cause, why in told.items()
} | {
    _saying(name, "?"): f"{name}: this is none of the printed causes. Copy one, letter for letter."
    for name in _RIGHT
}
