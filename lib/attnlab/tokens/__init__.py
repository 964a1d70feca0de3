"""From text, images and sounds to arrays: everything becomes a sequence of vectors.

`text.py`: words, and tokenizers that look up characters or words. `bytepair.py`: the tokenizer that
learns its pieces. `gpt2.py` and `wordpiece.py`: those of GPT-2 and of BERT, with the vocabulary of a
published model. `signals.py`: patches of an image, frames of a sound.
"""

from .bytepair import BytePairTokenizer
from .gpt2 import GPT2Tokenizer
from .signals import frames, patches, spectrogram
from .text import UNKNOWN, CharTokenizer, WordTokenizer, read_text, words
from .wordpiece import WordPieceTokenizer

__all__ = [
    "UNKNOWN", "BytePairTokenizer", "CharTokenizer", "GPT2Tokenizer", "WordPieceTokenizer", "WordTokenizer",
    "frames", "patches", "read_text", "spectrogram", "words",
]  # fmt: skip
