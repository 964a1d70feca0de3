"""From text, images and sounds to arrays: everything becomes a sequence of vectors.

`text.py`: words, and tokenizers that look up characters or words. `bytepair.py`: the tokenizer that
learns its pieces. `signals.py`: patches of an image, frames of a sound.
"""

from .bytepair import BytePairTokenizer
from .signals import frames, patches, spectrogram
from .text import UNKNOWN, CharTokenizer, WordTokenizer, read_text, words

__all__ = [
    "UNKNOWN", "BytePairTokenizer", "CharTokenizer", "WordTokenizer", "frames", "patches", "read_text",
    "spectrogram", "words",
]  # fmt: skip
