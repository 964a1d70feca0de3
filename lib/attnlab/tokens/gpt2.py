"""The tokenizer of GPT-2, with the tables of a published model: byte-level byte-pair encoding."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from unicodedata import category

from .bytepair import BYTES, Pair, merged, shown
from .text import as_ids, as_strings, as_text, numbered

# Published tables are text files, so each byte is written as a visible character: the space is Ġ.
_VISIBLE = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, BYTES)}
_HIDDEN = [byte for byte in range(BYTES) if byte not in _VISIBLE]
_BYTE_OF = {chr(byte): byte for byte in _VISIBLE} | {chr(BYTES + i): byte for i, byte in enumerate(_HIDDEN)}

# GPT-2's pattern, with a for any letter and 0 for any number: Python's `re` has no \p{L} and \p{N}.
_WORD = re.compile(r"'(?:[sdmt]|ll|ve|re)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", re.ASCII)
_DIGIT = re.compile("[0-9]|[^0-9]+")


@dataclass(frozen=True)
class GPT2Tokenizer:
    """A byte-level tokenizer with the vocabulary of a published model, such as GPT-2 or SmolLM2.

    Radford et al. (2019), "Language Models are Unsupervised Multitask Learners", section 2.2. `pieces` [id]
    are the bytes of a token, `pairs` the two ids that each merge joins, in order. `special` holds the ids of
    the special tokens, which are found in a text before anything else, the longest first. `single_digits`:
    every digit is a token of its own, as in SmolLM2. A byte that has no id is left out before the merges, as
    the original does. (GPT-2 has all 256. SmolLM2 lacks 21: six control characters, and bytes that UTF-8
    hardly ever uses.)
    """

    pieces: tuple[bytes, ...]
    pairs: tuple[Pair, ...]
    special: tuple[int, ...] = ()
    single_digits: bool = False

    @classmethod
    def of(
        cls,
        vocabulary: Sequence[str],
        merges: Sequence[str],
        special: Iterable[str] = (),
        single_digits: bool = False,
    ) -> Self:
        """The tokenizer of published tables, with pieces as they are written there: "Ġthe", merges "Ġ the".

        ValueError: a piece that comes twice or has a character that stands for no byte; a merge or a special
        token that the vocabulary does not have. TypeError: tables that are not lists of strings.
        """
        ids = numbered(vocabulary)
        special = as_strings("special", special)
        if missing := [token for token in special if token not in ids or not token]:
            raise ValueError(f"the special token {missing[0]!r} is not in the vocabulary; add it there")
        found = tuple(sorted({ids[token] for token in special}))
        pieces = tuple(piece.encode() if i in found else _bytes(i, piece) for piece, i in ids.items())
        ordinary = {piece: i for piece, i in ids.items() if i not in found}
        return cls(pieces, tuple(_pairs(as_strings("merges", merges), ordinary)), found, single_digits)

    @cached_property
    def _ids(self) -> dict[bytes, int]:
        """The id of each piece, without the special ones."""
        special = set(self.special)
        return {piece: i for i, piece in enumerate(self.pieces) if i not in special}

    @cached_property
    def _alphabet(self) -> list[int | None]:
        """The id of each byte."""
        return [self._ids.get(bytes([byte])) for byte in range(BYTES)]

    @cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: rank for rank, pair in enumerate(self.pairs)}

    @cached_property
    def _made(self) -> list[int]:
        """The id that each merge makes."""
        return [self._ids[self.pieces[left] + self.pieces[right]] for left, right in self.pairs]

    @cached_property
    def _special_ids(self) -> dict[str, int]:
        return {self.pieces[i].decode(): i for i in self.special}

    @cached_property
    def _special_pattern(self) -> re.Pattern[str]:
        """Finds the special tokens, the longest of those that begin at a place."""
        longest = sorted(self._special_ids, key=len, reverse=True)
        return re.compile("(" + ("|".join(map(re.escape, longest)) or "(?!)") + ")")

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The piece of each id as text, spaces as spaces; bytes that are not a whole character: \\xe2."""
        return tuple(map(shown, self.pieces))

    def __len__(self) -> int:
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, as the original gives them. TypeError, ValueError: not a text."""
        known: dict[str, list[int]] = {}
        ids: list[int] = []
        for at, part in enumerate(self._special_pattern.split(as_text(text))):
            if at % 2:  # split gives the tokens that it found in between
                ids.append(self._special_ids[part])
                continue
            for word in self._words(part):
                if word not in known:
                    known[word] = self._encode_word(word)
                ids += known[word]
        return ids

    def _words(self, text: str) -> Iterator[str]:
        """The words that no merge crosses. With `single_digits`, the pattern runs between the digits."""
        classes = text.translate(_CLASSES)
        digits = _DIGIT.finditer(classes) if self.single_digits else ()
        for start, end in [part.span() for part in digits] or [(0, len(text))]:
            for word in _WORD.finditer(classes, start, end):
                yield text[word.start() : word.end()]

    def _encode_word(self, word: str) -> list[int]:
        ids = (self._alphabet[byte] for byte in word.encode())
        return merged([i for i in ids if i is not None], self._ranks, self._made)

    def tokens(self, text: str) -> list[str]:
        """The pieces of `text`, such as " cat" with its space."""
        return [self.vocabulary[i] for i in self.encode(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`, special tokens too. A character that ids cut in two is shown as \ufffd.

        ValueError: an id that the vocabulary does not have.
        """
        return b"".join(self.pieces[i] for i in as_ids(ids, len(self))).decode(errors="replace")


class _Classes(dict[int, str]):
    """One ASCII character for each character: a for a letter, 0 for a number, a tab for white space, else !.

    ASCII stands for itself. So a pattern for ASCII finds the same places as GPT-2's does in the text.
    A character that is newer than the Unicode tables of this Python counts as none of these.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code < 0x80:
            found = char
        elif char.isspace():
            found = "\t"
        else:
            found = {"L": "a", "N": "0"}.get(category(char)[0], "!")
        self[code] = found
        return found


_CLASSES = _Classes()


def _bytes(i: int, spelling: str) -> bytes:
    try:
        return bytes([_BYTE_OF[char] for char in spelling])
    except KeyError as error:
        raise ValueError(
            f"{spelling!r} at {i} of the vocabulary has {error.args[0]!r}, which stands for no byte; "
            f"write a space as Ġ, and name special tokens in `special`"
        ) from None


def _pairs(merges: Iterable[str], ids: Mapping[str, int]) -> Iterator[Pair]:
    """The ids that each merge joins."""
    for rank, merge in enumerate(merges):
        left, space, right = merge.partition(" ")
        if not (left and space and right):
            raise ValueError(f"merge {rank} must be two pieces and a space, like 'Ġ t', got {merge!r}")
        for piece in (left, right, left + right):
            if piece not in ids:
                raise ValueError(
                    f"merge {rank}, {merge!r}, needs {piece!r}, no ordinary piece of this vocabulary; "
                    f"pass the vocabulary and the merges of the same tokenizer"
                )
        yield ids[left], ids[right]
