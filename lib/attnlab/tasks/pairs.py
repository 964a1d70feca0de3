"""Turn a task for an encoder into one for an encoder-decoder."""

import numpy as np

from .data import Data
from .task import Task

START = "<start>"


def encoder_decoder(task: Task) -> Task:
    """The same task for an encoder-decoder: source = the old inputs, inputs = <start> and the targets so far.

    <start> is added at the end of the vocabulary, so the ids of the others stay. The right places stay too,
    now among the source tokens. TypeError or ValueError: not a task, or not for an encoder.
    """
    if not isinstance(task, Task):
        raise TypeError(f"task must be a Task, got {type(task).__name__}; write encoder_decoder(reverse())")
    if task.kind != "encoder":
        raise ValueError(f"task must be for an encoder, got {task.name!r} for {task.kind!r}; use `reverse`")
    if START in task.vocabulary:
        raise ValueError(f"the vocabulary of {task.name!r} has {START!r} already; rename that token")
    train, validation, probe = (
        Data(_shifted(data, task.size), data.targets, data.counted, data.inputs)
        for data in (task.train, task.validation, task.probe)
    )
    name = f"{task.name}, encoder-decoder"
    vocabulary = (*task.vocabulary, START)
    return Task(name, "encoder-decoder", vocabulary, train, validation, probe, task.rule)


def _shifted(data: Data, start: int) -> np.ndarray:
    """<start>, then the targets without the last: what the decoder has said so far."""
    return np.insert(data.targets[:, :-1], 0, start, axis=1)
