"""Data with a known right answer: what a model should say, and where its attention should look.

`data.py`: sequences with their targets. `task.py`: a task, what it knows, and how much attention is on the
right places. `drawing.py`: sequences without repetition, cut into training and validation.
`symbols.py`: tasks for an encoder (reverse, shift, copy, sort, overfit). `language.py`: tasks for a decoder
(induction, agreement). `pairs.py`: an encoder task, turned into one for an encoder-decoder. `sentences.py`:
one mini-language for an encoder, a decoder and an encoder-decoder, with the same questions for all three.
`chain.py`: a language for a decoder whose lowest possible loss is known.
"""

from .chain import chain, chain_chances
from .data import Data
from .language import agreement, induction
from .pairs import encoder_decoder
from .sentences import Question, Sentences, sentences
from .symbols import copy, overfit, reverse, shift, sort
from .task import Task

__all__ = [
    "Data", "Question", "Sentences", "Task", "agreement", "chain", "chain_chances", "copy",
    "encoder_decoder", "induction", "overfit", "reverse", "sentences", "shift", "sort",
]  # fmt: skip
