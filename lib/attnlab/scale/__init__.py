"""How large a model is and what it costs: parameters, FLOPs, memory, scaling laws. Nothing is run.

`counting.py`: parameters, piece by piece and layer by layer. `famous.py`: well-known models, by the sizes in
their papers. `compute.py`: FLOPs of inference and of training. `memory.py`: bytes of weights, gradients,
optimiser state and KV cache. `activations.py`: bytes that the backward pass needs. `laws.py`: loss from
size and data, compute-optimal models, energy and cost. `arguments.py`: checks of what comes in.
"""

from .activations import activations
from .arguments import BYTES
from .compute import TrainingFlops, flops, training_flops
from .counting import by_layer, count, parameters
from .famous import FAMOUS, Famous
from .laws import ComputeOptimal, chip_hours, compute_optimal, cost, energy, kaplan, loss_law
from .memory import kv_cache, memory

__all__ = [
    "BYTES", "FAMOUS", "ComputeOptimal", "Famous", "TrainingFlops", "activations", "by_layer", "chip_hours",
    "compute_optimal", "cost", "count", "energy", "flops", "kaplan", "kv_cache", "loss_law", "memory",
    "parameters", "training_flops",
]  # fmt: skip
