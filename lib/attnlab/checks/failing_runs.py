"""The last exercise of notebook 10: five trainings that do not work, and the evidence against wrong causes.

Each is the healthy training with one setting changed. To diagnose them yourself, stop reading here.
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
    "too little data: learnt by heart",
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
    training data are shifted. ValueError: another name.
    """
    if name not in list(_CHANGED):
        raise ValueError(f"there is no patient {name!r}: choose one of {', '.join(_CHANGED)}")
    return _HEALTHY | _CHANGED[name]


def check_diagnose(attempt: Callable) -> Callable:
    """`diagnose(name)`: why training "A" to "E" does not work, in the words of a printed cause."""
    answers = answers_of(attempt, _NAMES)
    given = {name: answer.value for name, answer in zip(_RIGHT, answers, strict=True)}
    right = [name for name, cause in given.items() if isinstance(cause, str) and cause == _RIGHT[name]]
    still_open = [name for name, cause in given.items() if cause is ...]
    credit, mistaken = _credit(right), _mistaken(given)
    told = {mistake: f"{credit}{why}" for mistake, why in _WRONG.items()}
    if any(answer.error is not None for answer in answers):
        mistaken = None  # the error comes first
    elif mistaken is None and credit and still_open:
        mistaken = _saying(still_open[0], "")
        told[mistaken] = f"{credit}Still open: {', '.join(still_open)}."
    return judge("five diagnoses", mistaken or attempt, _diagnose, _NAMES, told)


def _diagnose(name: str) -> str:
    return _RIGHT[name]


def _credit(right: list[str]) -> str:
    """What is right already, in words; empty if nothing is."""
    if not right or len(right) == len(_RIGHT):
        return ""
    *others, last = right
    return f"{', '.join(others)} and {last} are right. " if others else f"{last} is right. "


def _mistaken(given: dict[str, object]) -> Callable | None:
    """All right but for the first mistake: a check speaks of one thing at a time. None without one."""
    if not any(isinstance(cause, str) for cause in given.values()):
        return None
    for name, cause in given.items():
        if not isinstance(cause, str) and cause is not ...:
            return _saying(name, 0)
        if isinstance(cause, str) and cause != _RIGHT[name]:
            return _saying(name, cause if cause in CAUSES else "?")
    return None


def _saying(name: str, cause: object) -> Callable[[str], object]:
    """Right for all, but `cause` for one of them."""

    def diagnose(asked: str) -> object:
        return cause if asked == name else _RIGHT[asked]

    return diagnose


_NAMES = [(name,) for name in _RIGHT]
_AGAINST = {
    "A": {
        _LOW: "its training loss falls to 0.04 within the 150 steps, so its rate is high enough.",
        _HIGH: "its training loss falls smoothly to 0.04. With steps that are too large it would be stuck.",
        _LARGE: "its loss at step 0 is near 2.8. With large weights it would start far above that.",
        _SATURATED: "the rows of its map are soft at step 0. Saturated rows would have a single 1 already.",
        _PLACELESS: "at the end each row of its map looks at one place, so the model knows the places.",
        _SHUFFLED: "its training loss falls to 0.04 and its map ends with one clean line: there is a rule.",
        _FEW: (
            "its map ends with one clean line, which is a rule and not learning by heart. "
            "Compare the line with that of the healthy model."
        ),
    },
    "B": {
        _LOW: "its update ratio at step 0 is near 1: the updates are as large as the weights.",
        _LARGE: "its loss at step 0 is 2.8, as it should be. The trouble starts with the first steps.",
        _SATURATED: "at step 0 its map has soft rows, like the healthy one. It saturates later. Why?",
        _PLACELESS: "at step 0 rows of equal digits differ: it knows the places. Watch the first 10 steps.",
        _MOVED: "its training loss stays near 2.3. Moved targets still have a rule, and it would be learnt.",
        _SHUFFLED: (
            "shuffled targets do not change the size of the updates. Look at the update ratio at step 0, and "
            "at the gradient of W_Q at step 10."
        ),
        _FEW: "its training loss stays near 2.3, so it has not even learnt the training data by heart.",
    },
    "C": {
        _LOW: "its loss falls fast, by more than 3 in 10 steps. Look at where it starts.",
        _HIGH: "its update ratio is lower than that of the healthy model, at step 0 and at step 10. Why?",
        _SATURATED: (
            "its map is saturated at step 0, that is true. But scores alone cannot make the loss at step 0 "
            "as high as 9. What would make the logits so large, too?"
        ),
        _PLACELESS: "rows of equal digits differ in its map, even at step 0. So it knows the places.",
        _MOVED: "targets cannot change the map at step 0, and this one is saturated before any training.",
        _SHUFFLED: "its loss starts near 9. Whatever the targets are, a model that guesses starts near 2.3.",
        _FEW: "its training loss ends near that of guessing, so it has learnt little, and nothing by heart.",
    },
    "D": {
        _HIGH: "its update ratio is below 0.001 from the first step on, and its map hardly moves.",
        _LARGE: "its loss at step 0 is 2.8, the same as that of the healthy model.",
        _SATURATED: "the rows of its map are soft from the first step to the last.",
        _PLACELESS: "rows of equal digits differ in its map. Without positions they would be the same.",
        _MOVED: "with moved targets the training loss would fall. Here both losses are nearly flat.",
        _SHUFFLED: (
            "with shuffled targets the loss could still fall to 2.3, by guessing. It stays at 2.7, and the "
            "map hardly moves. Look at the update ratio."
        ),
        _FEW: "its training loss is as high as its validation loss, so nothing was learnt by heart.",
    },
    "E": {
        _LOW: "its update ratio at step 0 is that of the healthy model, and its loss does fall, to 2.0.",
        _HIGH: "its loss falls smoothly to 2.0, and W_Q still has a gradient at the end.",
        _LARGE: "its loss at step 0 is near 2.7, as it should be.",
        _SATURATED: "its rows are soft from the first step to the last.",
        _MOVED: (
            "its validation loss falls together with its training loss, so both follow the same rule. "
            "Compare the rows of equal digits in its map."
        ),
        _SHUFFLED: "its validation loss falls to 2.0, below that of guessing (2.3): it has learnt something.",
        _FEW: "its training loss is as high as its validation loss, so it is not learning by heart.",
    },
}

_WRONG = {
    _saying(name, cause): f"{name}: {why}" for name, told in _AGAINST.items() for cause, why in told.items()
} | {
    _saying(name, "?"): f"{name}: this is none of the printed causes. Copy one of them, letter for letter."
    for name in _RIGHT
}
_WRONG |= {
    _saying(name, 0): f"{name}: this is no text. Copy one of the printed causes, in quotes."
    for name in _RIGHT
}
