"""How large a model is and what it costs: parameters, FLOPs, memory, the laws of scale. Nothing is run.

`counting.py`: parameters, piece by piece and layer by layer. `famous.py`: models people talk about, by their
papers' sizes. `compute.py`: FLOPs of reading and of training. `memory.py`: bytes of weights, gradients,
optimiser state and KV cache. `activations.py`: bytes that the backward pass needs. `laws.py`: loss by size
and data, compute well spent, energy and cost. `arguments.py`: the look at what comes in.
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
