"""The tokenizer of BERT, with the vocabulary of a published model: WordPiece."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import punctuation
from typing import Self
from unicodedata import category, normalize

from .text import as_ids, as_text, numbered
from .text import read_text as read_file

UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"
INSIDE = "##"  # stands before a piece that is not the beginning of its word
LONGEST_WORD = 100  # characters
CHINESE = [
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
]  # fmt: skip
_SPECIAL = re.compile(r"(\[(?:UNK|CLS|SEP|PAD|MASK)\])")


@dataclass(frozen=True)
class WordPieceTokenizer:
    """A tokenizer that cuts each word into the longest pieces its vocabulary has; "##" continues a word.

    Devlin et al. (2019), https://arxiv.org/abs/1810.04805, section 3; the cutting is that of Wu et al.
    (2016), https://arxiv.org/abs/1609.08144, section 4.1. `lower`: small letters, no accents (the uncased
    models). `vocabulary` [id] is a piece as published. A word that its pieces do not make up is [UNK]. The
    ids are those of the library `tokenizers`, but for about 500 marks that are new in Unicode, or changed,
    since 2015: that library has older tables.
    """

    vocabulary: tuple[str, ...]
    lower: bool = True

    @classmethod
    def of(cls, vocabulary: Iterable[str], lower: bool = True) -> Self:
        """The tokenizer of a list of pieces, in the order of their ids.

        ValueError: a piece twice, or no [UNK], [CLS] or [SEP]. TypeError: not a list of strings.
        """
        ids = numbered(vocabulary)
        if missing := [token for token in (UNKNOWN, START, END) if token not in ids]:
            raise ValueError(f"the vocabulary lacks {', '.join(missing)}; pass all lines of vocab.txt")
        return cls(tuple(ids), lower)

    @classmethod
    def read(cls, path: str | Path, lower: bool = True) -> Self:
        """The tokenizer of a vocab.txt, one piece a line. Errors as for `of` and `read_text`."""
        return cls.of([line.rstrip() for line in read_file(path).removesuffix("\n").split("\n")], lower)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, text: str, ends: bool = True) -> list[int]:
        """The ids of `text`, with `ends` between [CLS] and [SEP]. TypeError, ValueError: not a text."""
        return [self._ids[piece] for piece in self.tokens(text, ends)]

    def tokens(self, text: str, ends: bool = True) -> list[str]:
        """The pieces of `text`, with `ends` between [CLS] and [SEP]; "##" continues a word."""
        found = [piece for word in self._words(as_text(text)) for piece in self._pieces(word)]
        return [START, *found, END] if ends else found

    def _words(self, text: str) -> Iterator[str]:
        """Words, punctuation marks and Chinese characters; special tokens as they are."""
        for at, part in enumerate(_SPECIAL.split(text)):
            if at % 2 and part in self._ids:
                yield part
            else:
                yield from _marked(self._normal(part)).split()

    def _normal(self, text: str) -> str:
        """The text as BERT sees it: no control characters, and for uncased models no accents or capitals."""
        text = "".join(map(_clean, text))
        if self.lower:
            letters = (char for char in normalize("NFD", text) if category(char) != "Mn")
            text = "".join(map(str.lower, letters))  # one by one: at the end of a word Σ gives σ, too
        return text

    def _pieces(self, word: str) -> list[str]:
        """The longest piece that the word begins with, then the longest that continues it, and so on."""
        if len(word) > LONGEST_WORD:
            return [UNKNOWN]
        pieces: list[str] = []
        start = 0
        while start < len(word):
            lead = INSIDE if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if lead + word[start:end] in self._ids), None)
            if end is None:
                return [UNKNOWN]
            pieces.append(lead + word[start:end])
            start = end
        return pieces

    def decode(self, ids: Sequence[int]) -> str:
        """A readable text: a space before each piece that begins a word. ValueError: an unknown id.

        Capitals, accents and the original spaces do not come back.
        """
        text = " ".join(self.vocabulary[i] for i in as_ids(ids, len(self)))
        return text.replace(" " + INSIDE, "")


def _clean(char: str) -> str:
    """White space is a space, Chinese characters get spaces around, control characters go."""
    if char in "\t\n\r":
        return " "
    if char == "\ufffd" or category(char) in ("Cc", "Cf", "Co"):
        return ""
    if char.isspace():
        return " "
    return f" {char} " if any(first <= ord(char) <= last for first, last in CHINESE) else char


def _marked(text: str) -> str:
    """The text with spaces around each punctuation mark."""
    return "".join(f" {char} " if char in punctuation or category(char)[0] == "P" else char for char in text)
