"""One mini-language, three ways to learn it: hidden words, the next word, from a source to a target."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..attention import softmax
from ..attention.arguments import as_finite
from .data import Data
from .drawing import LARGEST, Draw, as_size, draw_apart, generator, next_tokens
from .language import ADJECTIVES, END, PAD, PREPOSITIONS, misleading, words
from .pairs import START
from .task import Kind, Task

MASK = "<mask>"
WORDS, NOUNS, VERBS = words()
VOCABULARY = (*WORDS, MASK, START)
IDS = {name: i for i, name in enumerate(VOCABULARY)}
NOUN_IDS, VERB_IDS = (np.array([IDS[name] for name in names]) for names in (NOUNS, VERBS))
SHORTEST = 7  # words of "the dog near the cats barks ."
About = Literal["verb", "subject"]


@dataclass(frozen=True, eq=False)
class Question:
    """The same question about every validation sentence, in the form that a structure can read.

    data: one place of each sequence counts, and its target is the answer. choices: the ids that may be
    answered, here all verbs or all nouns. chance: the share of right answers that guessing gets.
    """

    about: About
    data: Data
    choices: NDArray[np.int64]

    @property
    def chance(self) -> float:
        return 1 / len(self.choices)

    def shares(self, logits: ArrayLike) -> NDArray[np.float64]:
        """The share of every choice at the place of the answer, [n, choice].

        logits: [n, token, vocabulary] for `data`. ValueError: logits that are not finite, or do not fit.
        """
        logits = as_finite("logits", logits)
        expected = (*self.data.inputs.shape, len(VOCABULARY))
        if logits.shape != expected:
            raise ValueError(f"logits must be {expected} for these data, got {logits.shape}")
        asked = logits[self.data.counted][:, self.choices]  # [n, choice]
        return softmax(asked)

    def right(self, logits: ArrayLike) -> NDArray[np.bool_]:
        """Whether the likeliest choice is the answer, [n]. Errors as in `shares`."""
        return self.choices[self.shares(logits).argmax(axis=1)] == self.data.targets[self.data.counted]


class Sentences(Task):
    """A `Task` of this language, with its sentences, two questions about them, and the floor of the loss."""

    def whole(self, data: Data) -> NDArray[np.int64]:
        """The sentences behind `data`, nothing hidden: ids [n, word]."""
        self._check_source("data", data)
        return np.hstack([data.inputs, data.targets[:, -1:]]) if self.kind == "decoder" else data.targets

    def question(self, about: About) -> Question:
        """Ask about every validation sentence: which verb does it have, or which noun is its subject?

        An encoder and an encoder-decoder see the rest of the sentence, a decoder what comes before the word.
        ValueError: `about` is neither "verb" nor "subject".
        """
        if about not in get_args(About):
            raise ValueError(f"about must be one of {', '.join(get_args(About))}; got {about!r}")
        sentences = self.whole(self.validation)
        place = (_verb_at if about == "verb" else _subject_at)(sentences)  # [n]
        hidden = place[:, None] == np.arange(sentences.shape[1])
        if self.kind == "decoder":
            data = _next_word(sentences, hidden)
        else:
            data = replace(_asked(self.kind, sentences, hidden), counted=hidden)
        return Question(about, data, VERB_IDS if about == "verb" else NOUN_IDS)

    def floor(self, data: Data | None = None) -> float:
        """The loss of a model that knows the language exactly: the mean of -log p where it counts, in nats.

        data: from this task; default: the validation data. A random choice (which noun comes next) costs -log
        of its probability; what follows from the rest (the verb of a visible subject) costs 0. No model does
        better, except by luck with these data and because no sentence is drawn twice.
        """
        data = self.validation if data is None else data
        sentences = self.whole(data)
        if self.kind == "decoder":
            surprise = _surprise_of_next(sentences)
        else:
            hidden, knows_subject = data.read == IDS[MASK], self.kind == "encoder-decoder"
            surprise = _surprise_of_hidden(sentences, hidden, knows_subject)
        return float(surprise[data.counted].mean())


def sentences(
    kind: Kind = "encoder",
    phrases: int = 1,
    hidden: int = 3,
    maskings: int = 4,
    train: int = 1024,
    validation: int = 128,
    seed: int = 0,
) -> Sentences:
    """The old dog near the cats barks: sentences in the words of `agreement`, for one of three structures.

    Between the subject and its verb are 1 to `phrases` phrases such as "near the cats".
    encoder: 1 to `hidden` words are replaced by <mask>; these count, and their targets are the words (BERT).
    decoder: every next word counts, up to the "." (GPT). encoder-decoder: the source is what the encoder
    reads, and the decoder writes the whole sentence, word by word (BART). Each training sentence comes
    `maskings` times, with different words hidden (a decoder, with nothing hidden, gets it once). With the
    same seed, all three have the same sentences; the vocabulary is always the same. No sentence is in both
    parts.

    The right place, where it is known: the verb for a hidden subject, the subject for a hidden verb, the word
    itself if it is visible; for a decoder, the subject where the verb comes next. The probe asks for the verb
    of a sentence whose last noun differs in number from the subject, if validation has one. Devlin et al.
    (2019), https://arxiv.org/abs/1810.04805; Radford et al. (2018); Lewis et al. (2020),
    https://arxiv.org/abs/1910.13461. ValueError or TypeError: an unknown kind, numbers that are too small or
    too large, more sentences than there are, a bad seed.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}; got {kind!r}")
    phrases = as_size("phrases", phrases, 1, "without one the noun before the verb is the subject")
    if as_size("hidden", hidden, 1, "without one there is nothing to predict") > SHORTEST:
        raise ValueError(f"hidden must be at most {SHORTEST}, the words of a short sentence, got {hidden}")
    maskings = as_size("maskings", maskings, 1, "every sentence is seen at least once")
    subjects, phrase = len(NOUNS) * (1 + len(ADJECTIVES)), len(PREPOSITIONS) * len(NOUNS)
    possible = sum(subjects * phrase**n for n in range(1, phrases + 1))
    parts = draw_apart(_draw(phrases), possible, train, validation, generator(seed))
    if kind != "decoder" and maskings * parts[0].size > LARGEST:
        raise ValueError(f"{maskings} maskings of train={train} hold more than {LARGEST:,} tokens; use fewer")
    first = misleading(parts[1], NOUN_IDS)
    if kind == "decoder":
        learnt, judged = (_next_word(rows, rows > IDS[PAD]) for rows in parts)
    else:
        learnt, judged = _masked(kind, *parts, hidden, maskings, first, np.random.default_rng([seed, 1]))
    rule = _subject_of if kind == "decoder" else _agreeing
    return Sentences("sentences", kind, VOCABULARY, learnt, judged, judged.take([first]), rule)


# Sentences: the [adjective] subject (preposition the noun) × n verb . <pad> ... The number of words, 4 + 3 n
# or one more, tells whether there is an adjective: so it is clear what kind of word is hidden at each place.


def _draw(phrases: int) -> Draw:
    def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        rows = np.full((count, 5 + 3 * phrases), IDS[PAD])
        for row in rows:
            subject = rng.integers(len(NOUNS))
            said = ["the", *_one(rng, ("", *ADJECTIVES)).split(), NOUNS[subject]]
            for _ in range(rng.integers(1, phrases + 1)):
                said += [_one(rng, PREPOSITIONS), "the", _one(rng, NOUNS)]
            said += [VERBS[subject], END]
            row[: len(said)] = [IDS[word] for word in said]
        return rows

    return draw


def _one(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _lengths(sentences: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many words a sentence has, [n]; <mask> is a word."""
    return (sentences != IDS[PAD]).sum(axis=1)


def _subject_at(sentences: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the subject, [n], also if it is hidden."""
    return np.where(_lengths(sentences) % 3 == 2, 2, 1)


def _verb_at(sentences: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the verb, [n], also if it is hidden."""
    return _lengths(sentences) - 2


# Data


def _next_word(sentences: NDArray[np.int64], asked: NDArray[np.bool_]) -> Data:
    """What a decoder reads; it counts where the next word is asked for."""
    return next_tokens(sentences, asked[:, 1:])


def _asked(kind: Kind, sentences: NDArray[np.int64], hidden: NDArray[np.bool_]) -> Data:
    """What an encoder or an encoder-decoder reads where these words are hidden, with what they should say."""
    read = np.where(hidden, IDS[MASK], sentences)
    if kind == "encoder":
        return Data(read, sentences, hidden)
    written = np.insert(sentences[:, :-1], 0, IDS[START], axis=1)
    return Data(written, sentences, sentences != IDS[PAD], read)


def _masked(
    kind: Kind,
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    hidden: int,
    maskings: int,
    first: int,
    rng: np.random.Generator,
) -> list[Data]:
    """Training and validation data. Row `first` of validation hides the verb alone.

    Two sentences that differ in one word are alike when it is hidden: no training row is alike one of
    validation.
    """
    judged = np.array([_choose(row, hidden, rng) for row in validation])
    judged[first] = np.arange(validation.shape[1]) == _verb_at(validation)[first]
    taken = {row.tobytes() for row in np.where(judged, IDS[MASK], validation)}
    learnt = np.repeat(train, maskings, axis=0)
    chosen = np.array([_choose(row, hidden, rng, taken) for row in learnt])
    return [_asked(kind, *pair) for pair in ((learnt, chosen), (validation, judged))]


def _choose(
    row: NDArray[np.int64], hidden: int, rng: np.random.Generator, taken: Collection[bytes] = ()
) -> NDArray[np.bool_]:
    """1 to `hidden` words of a sentence, [word], so that the rest is not `taken`."""
    n = int((row != IDS[PAD]).sum())
    while True:
        chosen = np.zeros(len(row), dtype=bool)
        chosen[rng.choice(n, size=rng.integers(1, hidden + 1), replace=False)] = True
        if np.where(chosen, IDS[MASK], row).tobytes() not in taken:  # at the latest if a "the" is hidden
            return chosen


# Where attention should look: [n, query, key]


def _at(place: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    return place[:, None] == np.arange(length)


def _agreeing(read: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The word itself, if it is seen; else the verb for the subject and the subject for the verb."""
    length = read.shape[1]
    subject, verb = (_at(place(read), length) for place in (_subject_at, _verb_at))
    partner = subject[:, :, None] & verb[:, None, :] | verb[:, :, None] & subject[:, None, :]
    seen = read != IDS[MASK]
    return (np.eye(length, dtype=bool) | partner & ~seen[:, :, None]) & seen[:, None, :]


def _subject_of(read: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The subject, the first noun, where the verb comes next."""
    nouns = np.isin(read, NOUN_IDS)
    first = nouns & (np.cumsum(nouns, axis=1) == 1)  # [n, key]
    return np.isin(targets, VERB_IDS)[:, :, None] & first[:, None, :]


# What the words cost for somebody who knows the language, in nats


def _kinds(sentences: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """What kind of word stands at each place, [n, word]."""
    width = sentences.shape[1]
    subject, verb = (_at(place(sentences), width) for place in (_subject_at, _verb_at))
    return {
        "subject": subject,
        "verb": verb,
        "adjective": np.isin(sentences, [IDS[word] for word in ADJECTIVES]),
        "preposition": np.isin(sentences, [IDS[word] for word in PREPOSITIONS]),
        "noun": np.isin(sentences, NOUN_IDS) & ~subject,
    }


def _surprise_of_hidden(
    sentences: NDArray[np.int64], hidden: NDArray[np.bool_], knows_subject: bool
) -> NDArray[np.float64]:
    """-log p of each word if these are hidden, [n, word]. knows_subject: it was written before the verb."""
    kinds = _kinds(sentences)
    both = (kinds["subject"] & hidden).any(1, keepdims=True) & (kinds["verb"] & hidden).any(1, keepdims=True)
    surprise = np.log(len(ADJECTIVES)) * kinds["adjective"] + np.log(len(PREPOSITIONS)) * kinds["preposition"]
    free = kinds["noun"] | kinds["subject"] & both | kinds["verb"] & both & (not knows_subject)
    return hidden * (surprise + np.log(len(NOUNS)) * free)


def _surprise_of_next(sentences: NDArray[np.int64]) -> NDArray[np.float64]:
    """-log p of each next word after what stands before it, [n, word - 1]."""
    kinds = _kinds(sentences)
    surprise = np.log(len(NOUNS)) * (kinds["noun"] | kinds["subject"])
    surprise[:, 1] += np.log(1 + len(ADJECTIVES))  # one of them, or none
    phrases = (sentences.shape[1] - 5) // 3
    left = phrases - np.cumsum(kinds["preposition"], axis=1)  # how many phrases may still come, [n, word]
    later = kinds["preposition"] & (np.cumsum(kinds["preposition"], axis=1) > 1)
    surprise += np.log(len(PREPOSITIONS)) * kinds["preposition"]
    surprise += later * np.log((left + 2) / (left + 1)) + kinds["verb"] * np.log(left + 1)
    return surprise[:, 1:]
