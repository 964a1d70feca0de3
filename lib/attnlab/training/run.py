"""A recorded training run: you can go back to any moment of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnlab.attention.arguments import as_array
from attnlab.attention.numbers import real_number
from attnlab.models import Config, Transformer
from attnlab.tasks import Task

from .files import plain, read, write
from .optimisers import Optimiser
from .plan import Plan
from .schedules import Schedule

FINISHED = "finished"
ARRAYS = (
    "steps", "losses", "accuracy", "attended", "attention", "learning_rate", "gradient_norm", "update_ratio",
    "activation", "flow", "weights",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Run:
    """What `fit` returns: a record in frames.

    A *frame* is a moment: the weights before update number `step`, and what was measured then. The last
    one is the trained model; its update is computed, but not applied.

    steps [frame]: the step of every frame. losses [step]: the loss of the batch at every step.
    loss: {"train": [frame] of the batch, "validation": [frame]}. accuracy [frame]: on the validation data.
    attended [frame, layer, head]: `task.attended` on the validation data; None where the right places are
    unknown. attention [frame, layer, head, query, key]: of the task's probe (an encoder-decoder's
    cross-attention). learning_rate [frame]. weights [frame, parameter]. gradient_norm, update_ratio [frame,
    group]: norm of the gradient before clipping; |update| / |weights|. activation, flow [frame, layer + 1]:
    of the residual stream at the start and after every layer, the root mean square, and the norm of the
    gradient of the loss with respect to it. ended: "finished", or why it ended earlier. best: the step with
    the best validation loss.
    """

    config: Config
    plan: Plan
    task: Task
    groups: tuple[str, ...]
    steps: NDArray[np.int64]
    losses: NDArray
    loss: Mapping[str, NDArray]
    accuracy: NDArray
    attended: NDArray | None
    attention: NDArray
    learning_rate: NDArray
    gradient_norm: NDArray
    update_ratio: NDArray
    activation: NDArray
    flow: NDArray
    weights: NDArray
    best: int
    ended: str
    state: Mapping[str, Tensor] = field(repr=False)

    def __repr__(self) -> str:
        last = {name: values[-1] for name, values in self.loss.items()}
        losses = ", ".join(f"{name} {value:.4g}" for name, value in last.items())
        return (
            f"Run({self.task.name}, step {self.steps[-1]} of {self.plan.steps}, loss: {losses}; {self.ended})"
        )

    def __len__(self) -> int:
        return len(self.steps)

    def at(self, step: int) -> "Frame":
        """The frame at a step, or the last one before it. ValueError: the training did not get there."""
        if not self.steps[0] <= real_number("step", step) <= self.steps[-1]:
            raise ValueError(f"step must be from {self.steps[0]} to {self.steps[-1]}, got {step}")
        return Frame(self, int(np.searchsorted(self.steps, step, side="right")) - 1)

    @property
    def last(self) -> "Frame":
        return Frame(self, len(self.steps) - 1)

    def model(self) -> Transformer:
        """The trained model: with its best weights after early stopping or divergence, else with the last."""
        best = self.plan.patience is not None or self.ended.startswith("diverged")
        return self._model(self.state["best" if best else "weights"])

    def _model(self, weights: Tensor) -> Transformer:
        model = Transformer(self.config).to(weights.dtype)
        torch.nn.utils.vector_to_parameters(weights.clone(), model.parameters())
        return model.requires_grad_(False)

    @property
    def nbytes(self) -> int:
        """Memory of the record, in bytes."""
        arrays = [each for each in vars(self).values() if isinstance(each, np.ndarray)]
        state = sum(each.numel() * each.element_size() for each in self.state.values())
        return sum(each.nbytes for each in [*arrays, *self.loss.values()]) + state

    def save(self, path: str | Path) -> Path:
        """Write the run to a file; `load_run(path, task)` reads it."""
        plan = {each.name: getattr(self.plan, each.name) for each in fields(Plan)}
        for name in ("schedule", "optimiser"):
            plan[name] = [type(plan[name]).__name__, plain(plan[name])]
        arrays = {name: values for name in ARRAYS if (values := getattr(self, name)) is not None}
        content = {
            "task": self.task.fingerprint, "config": plain(self.config), "plan": plan,
            "groups": list(self.groups), "best": self.best, "ended": self.ended, "state": dict(self.state),
            "loss": {name: torch.from_numpy(values) for name, values in self.loss.items()},
            "arrays": {name: torch.from_numpy(values) for name, values in arrays.items()},
        }  # fmt: skip
        return write(content, Path(path))


def load_run(path: str | Path, task: Task) -> Run:
    """Read a run that was saved with `run.save(path)`; `task` is the task that it was trained on.

    ValueError: the file is damaged, not a run, or from a newer version, or it is a different task.
    """
    if not isinstance(task, Task):
        raise TypeError(f"task must be a Task, got {type(task).__name__}: pass the one it was trained on")
    path = Path(path)
    content = read(path)
    if content.get("task") != task.fingerprint:
        raise ValueError(f"{path.name} was not trained on the data of {task!r}: create the same task as then")
    try:
        return _run_of(content, task)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path.name} is damaged: {type(error).__name__} {error}") from error


def _run_of(content: dict[str, Any], task: Task) -> Run:
    plan = dict(content["plan"])
    for name, base in (("schedule", Schedule), ("optimiser", Optimiser)):
        kind, values = plan[name]
        plan[name] = {each.__name__: each for each in base.__subclasses__()}[kind](**values)
    arrays, loss = ({name: each.numpy() for name, each in content[key].items()} for key in ("arrays", "loss"))
    _check_lengths(arrays | loss)
    _check_state(content["state"], arrays["weights"].shape[1])
    return Run(
        config=Config(**content["config"]), plan=Plan(**plan), task=task, groups=tuple(content["groups"]),
        loss=loss, best=content["best"], ended=content["ended"], state=content["state"],
        **{"attended": None} | arrays,
    )  # fmt: skip


def _check_lengths(arrays: dict[str, NDArray]) -> None:
    frames = len(arrays["steps"])
    for name, values in arrays.items():
        if name != "losses" and len(values) != frames:
            raise ValueError(f"{name} has {len(values)} frames, steps has {frames}")


def _check_state(state: dict[str, Tensor], size: int) -> None:
    for name in {"weights", "best", *state}:
        if state[name].shape != (size,):
            raise ValueError(f"{name} has shape {list(state[name].shape)}, there are {size} parameters")


@dataclass(frozen=True, eq=False)
class Frame:
    """One moment of a run: the numbers of the record at a step, and the model as it was then."""

    run: Run
    index: int

    def __repr__(self) -> str:
        return f"Frame(step {self.step} of {self.run.task.name})"

    @property
    def step(self) -> int:
        return int(self.run.steps[self.index])

    @property
    def loss(self) -> dict[str, float]:
        return {name: float(values[self.index]) for name, values in self.run.loss.items()}

    @property
    def accuracy(self) -> float:
        return float(self.run.accuracy[self.index])

    @property
    def learning_rate(self) -> float:
        return float(self.run.learning_rate[self.index])

    @property
    def attention(self) -> NDArray:
        """[layer, head, query, key] of the task's probe."""
        return self.run.attention[self.index]

    @property
    def attended(self) -> NDArray | None:
        """[layer, head]: the share of attention on the right places."""
        return None if self.run.attended is None else self.run.attended[self.index]

    @property
    def gradient_norm(self) -> dict[str, float]:
        return dict(zip(self.run.groups, self.run.gradient_norm[self.index].tolist(), strict=True))

    @property
    def update_ratio(self) -> dict[str, float]:
        return dict(zip(self.run.groups, self.run.update_ratio[self.index].tolist(), strict=True))

    @property
    def layer_gradient(self) -> dict[str, float]:
        """The norm of the gradient of whole layers: the roots of the sums of their groups' squares."""
        squares: dict[str, float] = {}
        for name, norm in self.gradient_norm.items():
            layer = name.rsplit(" ", 1)[0] if "layer" in name else name
            squares[layer] = squares.get(layer, 0.0) + norm**2
        return {name: square**0.5 for name, square in squares.items()}

    @property
    def activation(self) -> NDArray:
        """[layer + 1]: root mean square of the residual stream."""
        return self.run.activation[self.index]

    @property
    def flow(self) -> NDArray:
        """[layer + 1]: norm of the gradient of the loss with respect to the residual stream."""
        return self.run.flow[self.index]

    @cached_property
    def model(self) -> Transformer:
        """The model as it was, from the recorded weights (float32)."""
        return self.run._model(torch.from_numpy(self.run.weights[self.index]))

    @cached_property
    def weights(self) -> dict[str, NDArray]:
        """The weights as they were, by name."""
        return {name: each.numpy() for name, each in self.model.named_parameters()}

    def attend(self, text: Any, source: Any = None) -> NDArray:
        """The maps for any sequence, [layer, head, query, key]: a text of the task's tokens, or their ids.

        For an encoder-decoder `text` is what the decoder reads, and the maps are those of its
        cross-attention. ValueError: a token that the task does not know, a sequence that is too long.
        """
        trace = self._look(text, source)
        role = "self" if source is None else "cross"
        return torch.stack([each[0] for each in trace.attention[role]]).numpy()

    def predict(self, text: Any, source: Any = None) -> list[str]:
        """The likeliest token at each place."""
        return self.run.task.tokens(self._look(text, source).logits[0].argmax(-1).tolist())

    def _look(self, text: Any, source: Any) -> Any:
        ids = [self._ids("text", text), None if source is None else self._ids("source", source)]
        with torch.no_grad():
            return self.model(*ids, trace=True)

    def _ids(self, name: str, text: Any) -> Tensor:
        ids = self.run.task.encode(text) if isinstance(text, str) else as_array(name, text)
        if ids.dtype.kind not in "iu":
            given = "None" if text is None else ids.dtype
            raise TypeError(
                f"{name} must be a string, or whole numbers (token ids), got {given}; encode it first"
            )
        return torch.as_tensor(ids)[None]
