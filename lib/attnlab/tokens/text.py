"""Text into words, and the two simplest tokenizers: they look up characters, or words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from unicodedata import category

from ..attention.numbers import whole_number

UNKNOWN = "<unk>"
LARGEST_FILE = 10_000_000  # bytes


def words(text: str) -> list[str]:
    """The words and punctuation marks of `text`, in order: "It slept." -> ["It", "slept", "."].

    A run of letters, digits and apostrophes is a word; every other visible character is a token of its own.
    A combining accent or vowel sign stays with the character before it.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}; join pieces with ' '.join(...)")
    return [text[start:end] for start, end in _spans(text)]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each word and mark begins, and where it ends."""
    start: int | None = None
    inside, before = False, " "  # inside a word; the character before
    for at, char in enumerate(text):
        letter = char.isalnum() or char in "_'’"
        joins = category(char)[0] == "M" or char in "\u200c\u200d" or before == "\u200d"
        if before.isspace() or not (joins or (letter and inside)):
            if start is not None:
                yield start, at
            start, inside = (None if char.isspace() else at), letter
        before = char
    if start is not None:
        yield start, len(text)


def spaced(text: str) -> Iterator[str]:
    """Cut `text` into words, each with the space before it; joined, they give the text again.

    GPT-2 does the same. Every other white space character is a piece of its own.
    """
    at = 0
    for start, end in _spans(text):
        lead = text[start - 1 : start] == " " and start > at
        yield from text[at : start - lead]
        at = end
        yield text[start - lead : at]
    yield from text[at:]


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file of at most 10 MB, lines ending in a line feed.

    FileNotFoundError: no such file. ValueError: it is too large, empty, or not UTF-8 (says where).
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name!r} in {path.parent.name or 'this folder'!r}")
    if (size := path.stat().st_size) > LARGEST_FILE:
        raise ValueError(f"{path.name} has {size / 1e6:.1f} MB, over the limit of 10: cut out a part of it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name} is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}; "
            f"open it in an editor and save it as UTF-8"
        ) from None
    if not text.strip():
        raise ValueError(f"{path.name} is empty: put some text into it")
    return text


def as_text(text: str, name: str = "text") -> str:
    """A text that can be stored: not a list, and no half of a character."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a string, got {type(text).__name__}; join pieces with ''.join(...)")
    half = next((i for i, char in enumerate(text) if "\ud800" <= char <= "\udfff"), None)
    if half is not None:
        raise ValueError(f"{name} contains half a character (a surrogate) at {half}; read the file as UTF-8")
    return text


def as_training_text(text: str) -> str:
    """A text that a vocabulary can be made of: at least two different symbols."""
    if not as_text(text).strip():
        raise ValueError("the training text is empty; pass some sentences")
    if len(set(text)) < 2:
        raise ValueError(f"the training text has only one symbol, {text[0]!r}; pass some sentences")
    return text


def as_ids(ids: Iterable[int], count: int) -> list[int]:
    """Token ids that a vocabulary of `count` has."""
    if not isinstance(ids, Iterable):
        raise TypeError(
            f"token ids must be a list of whole numbers, got {ids!r:.60}; for a single one use [id]"
        )
    found = [whole_number("a token id", given, remedy="encode a text first") for given in ids]
    if wrong := [given for given in found if not 0 <= given < count]:
        raise ValueError(
            f"unknown token id {wrong[0]}: this vocabulary has 0 to {count - 1}; "
            f"decode with the tokenizer that encoded them"
        )
    return found


def as_strings(name: str, given: Iterable[str]) -> tuple[str, ...]:
    """A list of strings. TypeError: anything else."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        kind = type(given).__name__
        raise TypeError(f"{name} must be a list of strings, got {kind}; pass them in the order of their ids")
    found = tuple(given)
    if wrong := [each for each in found if not isinstance(each, str)]:
        raise TypeError(f"{name} must hold strings, got {wrong[0]!r:.60}; pass them as they were published")
    return found


def numbered(vocabulary: Iterable[str]) -> dict[str, int]:
    """The id of each piece of a vocabulary. ValueError: a piece twice. TypeError: not a list of strings."""
    ids: dict[str, int] = {}
    for i, piece in enumerate(as_strings("vocabulary", vocabulary)):
        if (first := ids.setdefault(piece, i)) != i:
            raise ValueError(f"the vocabulary has {piece!r} twice, at {first} and {i}; each piece has one id")
    return ids


@dataclass(frozen=True)
class Lookup:
    """A tokenizer that finds each piece of a text in a list. Id 0 is the unknown piece.

    `vocabulary` [id] is the piece as text. A text of known pieces comes back exactly from `decode`.
    """

    vocabulary: tuple[str, ...]

    @classmethod
    def _of(cls, pieces: Iterable[str]) -> Self:
        return cls((UNKNOWN, *pieces))

    @staticmethod
    def cut(text: str) -> Iterable[str]:
        """The pieces of a text, known or not."""
        raise NotImplementedError

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.vocabulary) if i > 0}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """The ids of the pieces of `text`; 0 for each piece that was not in the training text."""
        return [self._ids.get(piece, 0) for piece in self.cut(as_text(text))]

    def tokens(self, text: str) -> list[str]:
        """The pieces of `text`; an unknown one is "<unk>"."""
        return [self.vocabulary[i] for i in self.encode(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`. ValueError: an id that the vocabulary does not have."""
        return "".join(self.vocabulary[i] for i in as_ids(ids, len(self)))


class CharTokenizer(Lookup):
    """One token for each character of the training text, in the order of their code points."""

    @classmethod
    def train(cls, text: str) -> Self:
        """ValueError: an empty text, or one with a single symbol."""
        return cls._of(sorted(set(as_training_text(text))))

    @staticmethod
    def cut(text: str) -> Iterable[str]:
        return text


class WordTokenizer(Lookup):
    """One token for each word of the training text, most frequent first; a word keeps the space before it."""

    @classmethod
    def train(cls, text: str, size: int | None = None) -> Self:
        """`size`: how many tokens to keep, the unknown one included; default all.

        ValueError: an empty text, one with a single symbol, a size that leaves no word.
        """
        pieces = Counter(spaced(as_training_text(text)))
        if size is not None:
            size = whole_number("size", size, 2, why=f"one for {UNKNOWN}, and at least one word")
        return cls._of(piece for piece, _ in pieces.most_common(None if size is None else size - 1))

    @staticmethod
    def cut(text: str) -> Iterable[str]:
        return spaced(text)
