"""Byte-pair encoding: start with bytes, and merge the most frequent pair into one token, again and again."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Self

from ..attention.numbers import whole_number
from .text import as_ids, as_text, as_training_text, spaced

BYTES = 256
BORDER = -1
Pair = tuple[int, int]


@dataclass(frozen=True)
class BytePairTokenizer:
    """A tokenizer that learns its pieces: frequent words are one token, rare words several, none is unknown.

    Sennrich et al. (2016), https://arxiv.org/abs/1508.07909, section 3.2, on bytes as in GPT-2 (Radford et
    al., 2019, section 2.2): ids 0 to 255 are the bytes, 256 and up the merges in the order learnt. `pairs`
    holds the two ids that each merge joins. No merge crosses from one word (with the space before it)
    into the next.
    """

    pairs: tuple[Pair, ...]

    @classmethod
    def train(cls, text: str, size: int) -> Self:
        """Learn `size` - 256 merges, or fewer once no pair occurs twice.

        The most frequent pair is merged; in a tie, the one that comes first in the text.
        ValueError: an empty text, one with a single symbol, a size below the 256 bytes.
        """
        size = whole_number("size", size, BYTES, why=f"the alphabet is the {BYTES} bytes")
        chunks = Counter(piece.encode() for piece in spaced(as_training_text(text)))
        return cls(tuple(_learn(chunks, size - BYTES)))

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
        """The piece of each id as text; bytes that are not a whole character look like \\xe2."""
        return tuple(map(shown, self._bytes))

    @property
    def merges(self) -> tuple[tuple[str, str], ...]:
        """The two pieces of each merge as text, in the order learnt."""
        return tuple((self.vocabulary[left], self.vocabulary[right]) for left, right in self.pairs)

    def __len__(self) -> int:
        return BYTES + len(self.pairs)

    def encode(self, text: str, merges: int | None = None) -> list[int]:
        """The ids of `text`, with all merges or only the first `merges` of them."""
        limit = len(self.pairs) if merges is None else whole_number("merges", merges, 0)
        known: dict[str, list[int]] = {}
        ids: list[int] = []
        for chunk in spaced(as_text(text)):
            if chunk not in known:
                known[chunk] = merged(chunk.encode(), self._ranks, range(BYTES, len(self)), limit)
            ids += known[chunk]
        return ids

    def tokens(self, text: str, merges: int | None = None) -> list[str]:
        """The pieces of `text`, with all merges or only the first `merges` of them."""
        return [self.vocabulary[i] for i in self.encode(text, merges)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`; any text comes back exactly. A character that ids cut in two is shown as \ufffd.

        ValueError: an id that the vocabulary does not have.
        """
        return b"".join(self._bytes[i] for i in as_ids(ids, len(self))).decode(errors="replace")


def shown(piece: bytes) -> str:
    """The piece as text; bytes that are not a whole character look like \\xe2."""
    return piece.decode(errors="backslashreplace")


def merged(
    ids: Sequence[int], ranks: Mapping[Pair, int], made: Sequence[int], limit: int | None = None
) -> list[int]:
    """The ids of one word after all merges, or after the first `limit`: always the earliest merge first.

    `ranks` says which merge joins a pair, and `made` [rank] is the id that takes its place.
    """
    limit = len(made) if limit is None else limit
    row = _Row(ids)
    waiting: list[tuple[int, int]] = []  # rank and place of the pairs that can be merged

    def look(at: int) -> None:
        if (rank := ranks.get(row.pair(at), limit)) < limit:
            heappush(waiting, (rank, at))

    for at in range(len(ids)):
        look(at)
    while waiting:
        rank, at = heappop(waiting)
        if ranks.get(row.pair(at)) == rank:
            row.join(at, made[rank])
            look(row.before[at])
            look(at)
    return [i for i in row.ids if i != BORDER]


class _Row:
    """Ids side by side. Each knows its neighbours, so two of them join at once.

    The row is a ring: the border at place -1 comes after the last id and before the first.
    """

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = [*ids, BORDER]
        self.before, self.after = (list(range(i, i + len(self.ids))) for i in (-1, 1))
        self.after[-1] = -1

    def pair(self, at: int) -> Pair:
        """The id at this place and the next one."""
        return self.ids[at], self.ids[self.after[at]]

    def join(self, at: int, new: int) -> None:
        """Put `new` in place of the pair at `at`."""
        right = self.after[at]
        self.ids[at], self.ids[right] = new, BORDER
        self.after[at] = self.after[right]
        self.before[self.after[at]] = at


def _learn(chunks: Counter[bytes], count: int) -> list[Pair]:
    """The first `count` merges of words that occur so often each."""
    found = _Pairs(chunks)
    learnt: list[Pair] = []
    while len(learnt) < count and (pair := found.best()):
        learnt.append(pair)
        found.merge(pair, BYTES + len(learnt) - 1)
    return learnt


class _Pairs:
    """How often each pair of neighbours occurs, and where, kept up to date from merge to merge.

    All words stand in one row, with a border between them; a merge touches only the places of its pair. No
    pair comes twice to a place, and all its places come in one merge, from left to right: so places are only
    added, and those that no longer hold their pair are passed over.
    The heap may hold stale entries. After its first count a pair only gets rarer, and its first place only
    moves on: so an entry that is still true when it comes up is the best one.
    """

    def __init__(self, chunks: Counter[bytes]) -> None:
        self.row = _Row(i for chunk in chunks for i in (*chunk, BORDER))
        self.times = [times for chunk, times in chunks.items() for _ in range(len(chunk) + 1)]
        self.counts: Counter[Pair] = Counter()
        self.where: dict[Pair, deque[int]] = defaultdict(deque)  # the places of the left id of a pair
        for at, (pair, times) in enumerate(zip(pairwise(self.row.ids), self.times, strict=False)):
            self.counts[pair] += times
            self.where[pair].append(at)
        self.heap = [self._entry(pair) for pair in self.counts if BORDER not in pair]
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
        """Put `new` in place of `pair` everywhere, from left to right."""
        ids, before, after, counts = self.row.ids, self.row.before, self.row.after, self.counts
        (one, other), made = pair, set()
        for at in self.where.pop(pair):
            right = after[at]
            if ids[at] != one or ids[right] != other:
                continue  # in a a a the first two are one now, and the third is alone
            left, times = before[at], self.times[at]
            lost = (ids[left], one), pair, (other, ids[after[right]])
            self.row.join(at, new)
            for gone in lost:
                counts[gone] -= times
            for place, found in ((left, (ids[left], new)), (at, (new, ids[after[at]]))):
                counts[found] += times
                self.where[found].append(place)
                made.add(found)
        for found in made:
            if counts[found] and BORDER not in found:
                heappush(self.heap, self._entry(found))

    def _entry(self, pair: Pair) -> tuple[int, int, Pair]:
        """What the heap sorts by: most frequent first, then by place."""
        places = self.where[pair]
        while self.row.pair(places[0]) != pair:
            places.popleft()
        return -self.counts[pair], places[0], pair
