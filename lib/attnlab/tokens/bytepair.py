"""Byte-pair encoding: begin with bytes, and make one token of the most frequent pair, again and again."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Self

from ..attention.boundary import as_whole
from .text import as_ids, as_text, as_training_text, spaced

BYTES = 256
Pair = tuple[int, int]


@dataclass(frozen=True)
class BytePairTokenizer:
    """A tokenizer that learnt its pieces: frequent words are one token, rare ones several, none is unknown.

    Sennrich et al. (2016), https://arxiv.org/abs/1508.07909, section 3.2, on bytes as in GPT-2 (Radford et
    al., 2019, section 2.2): ids 0 to 255 are the bytes, 256 and up the merges in the order learnt. `pairs`
    holds the two ids that each merge joins. No merge crosses the border of a word (with the space before it).
    """

    pairs: tuple[Pair, ...]

    @classmethod
    def train(cls, text: str, size: int) -> Self:
        """Learn `size` - 256 merges, or fewer if no pair is left that occurs twice.

        The most frequent pair is merged; among equals the one that comes first in the text.
        ValueError: an empty text, one with a single symbol, a size below the 256 bytes.
        """
        if as_whole("size", size) < BYTES:
            raise ValueError(f"size must be {BYTES} or more, got {size}: the alphabet is the {BYTES} bytes")
        chunks = Counter(piece.encode() for piece in spaced(as_training_text(text)))
        return cls(tuple(_learn([list(chunk) for chunk in chunks], list(chunks.values()), size - BYTES)))

    @cached_property
    def _bytes(self) -> list[bytes]:
        """What each id stands for."""
        found = [bytes([i]) for i in range(BYTES)]
        for left, right in self.pairs:
            found.append(found[left] + found[right])
        return found

    @cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: rank for rank, pair in enumerate(self.pairs)}

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The piece of each id as text; bytes that are no whole character look like \\xe2."""
        return tuple(map(_shown, self._bytes))

    @property
    def merges(self) -> tuple[tuple[str, str], ...]:
        """The two pieces of each merge as text, in the order learnt."""
        return tuple((self.vocabulary[left], self.vocabulary[right]) for left, right in self.pairs)

    def __len__(self) -> int:
        return BYTES + len(self.pairs)

    def encode(self, text: str, merges: int | None = None) -> list[int]:
        """The ids of `text`, by all merges or only the first so many."""
        limit = len(self.pairs) if merges is None else merges
        known: dict[str, list[int]] = {}
        ids: list[int] = []
        for chunk in spaced(as_text(text)):
            if chunk not in known:
                known[chunk] = self._encode_chunk(list(chunk.encode()), limit)
            ids += known[chunk]
        return ids

    def _encode_chunk(self, ids: list[int], limit: int) -> list[int]:
        while True:
            rank = min((self._ranks.get(pair, limit) for pair in pairwise(ids)), default=limit)
            if rank >= limit:
                return ids
            ids = _merge(ids, self.pairs[rank], BYTES + rank)

    def tokens(self, text: str, merges: int | None = None) -> list[str]:
        """The pieces of `text`, by all merges or only the first so many."""
        return [self.vocabulary[i] for i in self.encode(text, merges)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`; any text comes back exactly. Where ids cut a character, it is shown as \ufffd.

        ValueError: an id that the vocabulary does not have.
        """
        return b"".join(self._bytes[i] for i in as_ids(ids, len(self))).decode(errors="replace")


def _shown(piece: bytes) -> str:
    return piece.decode(errors="backslashreplace")


def _merge(ids: list[int], pair: Pair, new: int) -> list[int]:
    """`ids` with `new` in place of each `pair`, from left to right."""
    merged: list[int] = []
    for i in ids:
        if merged and (merged[-1], i) == pair:
            merged[-1] = new
        else:
            merged.append(i)
    return merged


def _learn(chunks: list[list[int]], times: list[int], count: int) -> list[Pair]:
    """The first `count` merges of `chunks`, each of which occurs so many `times`. Changes `chunks`."""
    found = _Pairs(chunks, times)
    learnt: list[Pair] = []
    while len(learnt) < count and (pair := found.best()):
        learnt.append(pair)
        found.merge(pair, BYTES + len(learnt) - 1)
    return learnt


class _Pairs:
    """How often each pair of neighbours occurs, and where, kept up to date from merge to merge.

    The heap may hold stale entries. After its first count a pair only gets rarer, and its first place only
    moves on: so an entry that is still true when it comes up is the best one.
    """

    def __init__(self, chunks: list[list[int]], times: list[int]) -> None:
        self.chunks, self.times = chunks, times
        self.lengths = [1] * BYTES  # bytes of each id
        self.counts: Counter[Pair] = Counter()
        self.where: dict[Pair, set[int]] = defaultdict(set)  # the chunks that hold a pair
        for chunk in range(len(chunks)):
            self._count(chunk, 1)
        self.heap = [self._entry(pair) for pair in self.counts]
        heapify(self.heap)

    def best(self) -> Pair | None:
        """The most frequent pair, among equals the first; None when none occurs twice."""
        while self.heap:
            old = heappop(self.heap)
            pair = old[-1]
            if self.counts[pair] < 2:
                continue
            if (now := self._entry(pair)) == old:
                return pair
            heappush(self.heap, now)
        return None

    def merge(self, pair: Pair, new: int) -> None:
        """Put `new` in place of `pair` everywhere."""
        self.lengths.append(self.lengths[pair[0]] + self.lengths[pair[1]])
        made: set[Pair] = set()
        for chunk in list(self.where[pair]):
            self._count(chunk, -1)
            self.chunks[chunk] = _merge(self.chunks[chunk], pair, new)
            self._count(chunk, 1)
            made.update(found for found in pairwise(self.chunks[chunk]) if new in found)
        for found in made:
            heappush(self.heap, self._entry(found))

    def _count(self, chunk: int, sign: int) -> None:
        for pair in pairwise(self.chunks[chunk]):
            self.counts[pair] += sign * self.times[chunk]
            (self.where[pair].add if sign > 0 else self.where[pair].discard)(chunk)

    def _entry(self, pair: Pair) -> tuple[int, int, int, Pair]:
        """What the heap sorts by: most frequent first, then by chunk and by byte in it."""
        first, at = min(self.where[pair]), 0
        for found in pairwise(self.chunks[first]):
            if found == pair:
                break
            at += self.lengths[found[0]]
        return -self.counts[pair], first, at, pair
