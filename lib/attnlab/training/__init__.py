"""Train small models and record everything, so that people can move through the training afterwards.

`fit.py`: fit, sweep, resume. `plan.py`: the choices for a run, early stopping. `schedules.py`,
`optimisers.py`. `loop.py`: the steps. `stack.py`: many settings as one tensor. `recorder.py`: what is
recorded. `run.py`: the record, also from a file. `files.py`: what a file may hold.
"""

from .fit import Runs, fit, resume, sweep
from .optimisers import SGD, Adam, RMSprop
from .plan import Plan, early_stop
from .run import Frame, Run, load_run
from .schedules import Constant, Cosine, StepDecay, Warmup, WarmupCosine

__all__ = [
    "SGD", "Adam", "Constant", "Cosine", "Frame", "Plan", "RMSprop", "Run", "Runs", "StepDecay", "Warmup",
    "WarmupCosine", "early_stop", "fit", "load_run", "resume", "sweep",
]  # fmt: skip
