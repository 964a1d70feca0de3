"""From logits to a text: rules, the loop that writes, beams, and two models that write together.

`rules.py`: temperature, top-k, top-p, min-p, penalties, no row of tokens twice. `writing.py`: `generate`,
which records every step. `beams.py`: beam search. `speculative.py`: a small model drafts, a large one checks.
`loops.py`: how far a text repeats itself.
"""

from .beams import Beam, Beams, beam_search
from .loops import distinct, loop_of
from .rules import (
    FrequencyPenalty,
    MinP,
    NoRepeat,
    PresencePenalty,
    RepetitionPenalty,
    Rule,
    Temperature,
    TopK,
    TopP,
    distribution,
    stages,
)
from .speculative import Round, Speculated, accepts, rest, speculative
from .writing import Step, Written, drawn, generate

__all__ = [
    "Beam", "Beams", "FrequencyPenalty", "MinP", "NoRepeat", "PresencePenalty", "RepetitionPenalty", "Round",
    "Rule", "Speculated", "Step", "Temperature", "TopK", "TopP", "Written", "accepts", "beam_search",
    "distinct", "distribution", "drawn", "generate", "loop_of", "rest", "speculative", "stages",
]  # fmt: skip
