"""Tokenizers, patches and frames: what goes in comes out again, a plain loop as judge, and every error."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnlab.tokens import (
    UNKNOWN,
    BytePairTokenizer,
    CharTokenizer,
    WordTokenizer,
    frames,
    patches,
    read_text,
    spectrogram,
    words,
)
from attnlab.tokens.text import LARGEST_FILE, spaced

TEXT = "The cat drank milk because it was thirsty. The dog drank water because it was thirsty too.\n"
TOKENIZERS = [CharTokenizer.train(TEXT), WordTokenizer.train(TEXT), BytePairTokenizer.train(TEXT, 300)]
any_text = st.text(st.characters(exclude_categories=["Cs"]))
training_text = st.text("ab c\né漢", min_size=2, max_size=80).filter(lambda t: t.strip() and len(set(t)) > 1)


def named(tokenizer: object) -> str:
    return type(tokenizer).__name__


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It slept.", ["It", "slept", "."]),
        ("don't stop…  now", ["don't", "stop", "…", "now"]),
        (
            "e\u0301te\u0301 a\u0300",
            ["e\u0301te\u0301", "a\u0300"],
        ),  # accents that are characters of their own
        ("नमस्ते जी", ["नमस्ते", "जी"]),
        ("ok ❤\ufe0f!", ["ok", "❤\ufe0f", "!"]),
        ("👩\u200d🚀 flies", ["👩\u200d🚀", "flies"]),
        ("x_1 = 2.5", ["x_1", "=", "2", ".", "5"]),
        (" \t\n", []),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(any_text)
def test_words_keep_every_visible_character(text: str) -> None:
    assert "".join(words(text)) == "".join(text.split())


@given(any_text)
def test_spaced_words_are_the_whole_text(text: str) -> None:
    pieces = list(spaced(text))
    assert "".join(pieces) == text
    assert [piece.removeprefix(" ") for piece in pieces if not piece.isspace()] == words(text)


def test_a_word_keeps_one_space_before_it() -> None:
    assert list(spaced("a  cat\n sat ")) == ["a", " ", " cat", "\n", " sat", " "]


# Round trips


@settings(max_examples=300)
@given(any_text)
def test_byte_pairs_give_any_text_back(text: str) -> None:
    tokenizer = TOKENIZERS[2]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert [tokenizer.vocabulary[i] for i in ids] == tokenizer.tokens(text)


@given(training_text, any_text)
def test_byte_pairs_learnt_from_any_text_give_any_text_back(training: str, text: str) -> None:
    tokenizer = BytePairTokenizer.train(training, 280)
    for each in (training, text):
        assert tokenizer.decode(tokenizer.encode(each)) == each


@given(training_text)
def test_every_tokenizer_gives_its_own_training_text_back(text: str) -> None:
    for kind in (CharTokenizer, WordTokenizer):
        tokenizer = kind.train(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert "".join(tokenizer.tokens(text)) == text


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=named)
def test_ids_count_through_the_vocabulary(tokenizer: CharTokenizer) -> None:
    assert len(tokenizer) == len(tokenizer.vocabulary)
    ids = tokenizer.encode(TEXT)
    assert all(type(i) is int and 0 <= i < len(tokenizer) for i in ids)
    assert tokenizer.decode(np.array(ids)) == TEXT  # whole numbers of NumPy will do


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=named)
def test_an_empty_text_has_no_tokens(tokenizer: CharTokenizer) -> None:
    assert tokenizer.encode("") == [] and tokenizer.tokens("") == [] and tokenizer.decode([]) == ""


# Characters and words


def test_characters_stand_in_the_order_of_their_code_points() -> None:
    tokenizer = CharTokenizer.train("banana")
    assert tokenizer.vocabulary == (UNKNOWN, "a", "b", "n")
    assert tokenizer.encode("nab") == [3, 1, 2]


def test_words_stand_by_how_often_they_come() -> None:
    tokenizer = WordTokenizer.train("a cat, a dog, a cat")
    assert tokenizer.vocabulary == (UNKNOWN, " cat", ",", " a", "a", " dog")
    assert WordTokenizer.train("a cat, a dog, a cat", 3).vocabulary == (UNKNOWN, " cat", ",")


@pytest.mark.parametrize(
    ("tokenizer", "text", "pieces"),
    [
        (CharTokenizer.train("cat"), "act!", ["a", "c", "t", UNKNOWN]),
        (WordTokenizer.train("The cat"), "The hamster", ["The", UNKNOWN]),
    ],
    ids=["characters", "words"],
)
def test_what_is_unknown_gets_the_id_0(tokenizer: CharTokenizer, text: str, pieces: list[str]) -> None:
    assert tokenizer.tokens(text) == pieces
    assert tokenizer.encode(text)[-1] == 0
    assert tokenizer.decode(tokenizer.encode(text)).endswith(UNKNOWN)


# Byte pairs


def plain_loop(text: str, count: int) -> list[tuple[bytes, bytes]]:
    """Byte-pair training as the paper has it, without any speed: count all pairs, merge the most frequent."""
    chunks = [[bytes([byte]) for byte in piece.encode()] for piece in spaced(text)]
    learnt: list[tuple[bytes, bytes]] = []
    while len(learnt) < count:
        counts = Counter(pair for chunk in chunks for pair in pairwise(chunk))
        best = max(counts, key=counts.__getitem__, default=None)  # the first of the most frequent
        if best is None or counts[best] < 2:
            break
        learnt.append(best)
        for chunk in chunks:
            i = 0
            while i < len(chunk) - 1:
                if (chunk[i], chunk[i + 1]) == best:
                    chunk[i : i + 2] = [chunk[i] + chunk[i + 1]]
                i += 1
    return learnt


def learnt_by(tokenizer: BytePairTokenizer) -> list[tuple[bytes, bytes]]:
    pieces = [bytes([i]) for i in range(256)]
    for left, right in tokenizer.pairs:
        pieces.append(pieces[left] + pieces[right])
    return [(pieces[left], pieces[right]) for left, right in tokenizer.pairs]


@settings(max_examples=300)
@given(training_text)
def test_training_is_the_loop_of_the_paper(text: str) -> None:
    assert learnt_by(BytePairTokenizer.train(text, 256 + 20)) == plain_loop(text, 20)


def test_training_on_real_sentences_is_the_loop_of_the_paper() -> None:
    text = Path(__file__).read_text(encoding="utf-8")[:5000]
    assert learnt_by(BytePairTokenizer.train(text, 256 + 200)) == plain_loop(text, 200)


def test_one_long_word_is_learnt_and_cut_like_any_other() -> None:
    text = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))
    tokenizer = BytePairTokenizer.train(text, 256 + 60)
    assert learnt_by(tokenizer) == plain_loop(text, 60)
    assert tokenizer.encode(text) == replayed(tokenizer, text)


@pytest.mark.parametrize("text", [
    "ab" * 300, "a" * 500 + " b", "abc" * 200, "aab" * 150, ("a" * 37 + "b") * 12, "漢" * 200 + "字",
    "ab " * 200,
    " ".join("a" * n for n in range(1, 40)), "\u0301" * 100 + "a", "-" * 300 + "x", "\n" * 99 + "a b",
], ids=lambda text: text[:8])  # fmt: skip
def test_monotonous_texts_are_learnt_like_any_other(text: str) -> None:
    tokenizer = BytePairTokenizer.train(text, 256 + 30)
    assert learnt_by(tokenizer) == plain_loop(text, 30)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_million_letters_of_one_word_double_their_pieces() -> None:
    text = "ab" * 2**19
    tokenizer = BytePairTokenizer.train(text, 300)
    assert tokenizer.merges[1:3] == (("ab", "ab"), ("abab", "abab")) and words(text) == [text]
    assert tokenizer.pairs == ((97, 98), *((i, i) for i in range(256, 256 + 18)))


def replayed(tokenizer: BytePairTokenizer, text: str) -> list[int]:
    """The ids of one word: every merge in the order learnt, from left to right."""
    ids = list(text.encode())
    for new, pair in enumerate(tokenizer.pairs, 256):
        i = 0
        while i < len(ids) - 1:
            if (ids[i], ids[i + 1]) == pair:
                ids[i : i + 2] = [new]
            i += 1
    return ids


@given(training_text, st.text("abcé漢", max_size=40))
def test_encoding_is_every_merge_in_order(training: str, word: str) -> None:
    tokenizer = BytePairTokenizer.train(training, 280)
    assert tokenizer.encode(word) == replayed(tokenizer, word)


def test_merges_are_told_in_order_and_as_text() -> None:
    tokenizer = BytePairTokenizer.train("aaab aaab xaab", 300)
    assert tokenizer.merges == (("a", "a"), ("aa", "a"), ("aaa", "b"))
    assert tokenizer.vocabulary[256:] == ("aa", "aaa", "aaab")
    assert tokenizer.tokens("aaab", 0) == ["a", "a", "a", "b"]
    assert tokenizer.tokens("aaab", 1) == ["aa", "a", "b"]
    assert tokenizer.tokens("aaab", 2) == ["aaa", "b"]
    assert tokenizer.tokens("aaab") == tokenizer.tokens("aaab", 99) == ["aaab"]
    assert len(BytePairTokenizer.train("aaab aaab xaab", 257)) == 257


def test_training_stops_when_no_pair_comes_twice() -> None:
    assert len(BytePairTokenizer.train("abcdefg", 1000)) == 256


def test_no_merge_crosses_a_word() -> None:
    tokenizer = BytePairTokenizer.train("a b a b a b a b", 400)
    assert not any(" " in piece[1:] for piece in tokenizer.vocabulary[256:])


def test_half_a_character_can_be_shown() -> None:
    tokenizer = BytePairTokenizer.train("abab", 257)
    assert tokenizer.tokens("é") == ["\\xc3", "\\xa9"]
    assert tokenizer.decode(tokenizer.encode("é")[:1]) == "\ufffd"


# Patches and frames


def test_patches_are_squares_row_by_row() -> None:
    image = np.arange(24.0).reshape(4, 6)
    found = patches(image, 2)
    assert found.shape == (6, 4)
    squares = [image[y : y + 2, x : x + 2] for y in (0, 2) for x in (0, 2, 4)]
    assert np.array_equal(found, [square.ravel() for square in squares])


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_patches_of_a_colour_image_hold_every_number_once(
    down: int, across: int, side: int, depth: int
) -> None:
    image = np.arange(float(down * across * side * side * depth)).reshape(down * side, across * side, depth)
    found = patches(image, side)
    assert found.shape == (down * across, side * side * depth)
    assert np.array_equal(np.sort(found.ravel()), np.arange(image.size))
    assert np.array_equal(found[-1].reshape(side, side, depth), image[-side:, -side:])


def test_a_patch_of_one_pixel_and_of_all() -> None:
    image = np.arange(16.0).reshape(4, 4)
    assert np.array_equal(patches(image, 1), image.reshape(16, 1))
    assert np.array_equal(patches(image, 4), image.reshape(1, 16))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
def test_frames_start_every_step(count: int, size: int, step: int) -> None:
    signal = np.arange(float(count))
    if size > count:
        with pytest.raises(ValueError, match="longer than the sound"):
            frames(signal, size, step)
        return
    starts = range(0, count - size + 1, step)
    assert np.array_equal(frames(signal, size, step), [signal[i : i + size] for i in starts])


def test_frames_are_a_copy() -> None:
    signal = np.zeros(4)
    frames(signal, 2)[:] = 1
    assert not signal.any()


def test_the_spectrogram_finds_a_tone() -> None:
    rate, size = 8000, 400
    time = np.arange(rate) / rate
    found = spectrogram(np.sin(2 * np.pi * 440 * time), size)
    assert found.shape == (20, 201)
    assert set(found.argmax(axis=1) * rate / size) == {440.0}
    louder = spectrogram(3 * np.sin(2 * np.pi * 440 * time), size)
    assert np.allclose(louder, 9 * found)


def test_the_spectrogram_is_the_fourier_sum() -> None:
    signal = np.random.default_rng(0).normal(size=8)
    window = [0.5 - 0.5 * np.cos(2 * np.pi * n / 8) for n in range(8)]
    for k in range(5):
        waves = [np.exp(-2j * np.pi * k * n / 8) * window[n] * signal[n] for n in range(8)]
        assert np.isclose(spectrogram(signal, 8)[0, k], abs(sum(waves)) ** 2)


# Bad input


@pytest.mark.parametrize(
    ("train", "error", "message"),
    [
        (lambda: CharTokenizer.train(""), ValueError, "training text is empty"),
        (lambda: WordTokenizer.train(" \n "), ValueError, "training text is empty"),
        (lambda: BytePairTokenizer.train("", 300), ValueError, "training text is empty"),
        (lambda: CharTokenizer.train("aaa"), ValueError, "only one symbol, 'a'"),
        (lambda: WordTokenizer.train("a"), ValueError, "only one symbol, 'a'"),
        (lambda: BytePairTokenizer.train("a", 300), ValueError, "only one symbol, 'a'"),
        (lambda: BytePairTokenizer.train(TEXT, 255), ValueError, "256 or more, got 255: the alphabet"),
        (lambda: WordTokenizer.train(TEXT, 1), ValueError, "size must be 2 or more, got 1"),
        (lambda: WordTokenizer.train(TEXT, 0), ValueError, "size must be 2 or more, got 0"),
        (lambda: BytePairTokenizer.train(TEXT, 300.0), TypeError, "size must be a whole number"),
        (lambda: CharTokenizer.train(["a", "b"]), TypeError, "text must be a string, got list"),
        (lambda: BytePairTokenizer.train("ab\ud800", 300), ValueError, "half a character .* at 2"),
    ],
)
def test_a_training_that_cannot_be(train, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        train()


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=named)
def test_bad_texts_and_ids_are_refused(tokenizer: CharTokenizer) -> None:
    last = len(tokenizer) - 1
    for wrong in (last + 1, -1):
        with pytest.raises(ValueError, match=f"unknown token id {wrong}: this vocabulary has 0 to {last}"):
            tokenizer.decode([1, wrong])
    with pytest.raises(TypeError, match=r"whole number, got 1\.5"):
        tokenizer.decode([1.5])
    with pytest.raises(TypeError, match="must be a string, got int"):
        tokenizer.encode(3)
    with pytest.raises(ValueError, match="half a character"):
        tokenizer.encode("a\udcff")


@pytest.mark.parametrize(
    ("cut", "error", "message"),
    [
        (
            lambda: patches(np.zeros((8, 6)), 4),
            ValueError,
            "side=4 does not divide .* 8 by 6; choose one of 1, 2",
        ),
        (lambda: patches(np.zeros((8, 8)), 0), ValueError, "side must be 1 or more"),
        (lambda: patches(np.zeros((8, 8)), 2.0), TypeError, "side must be a whole number"),
        (lambda: patches(np.zeros(8), 2), ValueError, r"image must be \[height, width\]"),
        (lambda: patches(np.zeros((0, 8)), 2), ValueError, r"image must be \[height, width\]"),
        (lambda: patches([[1.0, np.nan]], 1), ValueError, "image must hold finite numbers"),
        (lambda: patches([["a"]], 1), TypeError, "image must hold real numbers"),
        (lambda: frames(np.zeros(8), 9), ValueError, "a frame of 9 samples is longer than the sound, 8"),
        (lambda: frames(np.zeros(8), 0), ValueError, "size must be 1 or more"),
        (lambda: frames(np.zeros(8), 2, 0), ValueError, "step must be 1 or more"),
        (lambda: frames(np.zeros((8, 2)), 2), ValueError, "signal must be one row .* take one channel"),
        (lambda: frames([1.0, np.inf], 1), ValueError, "signal must hold finite numbers"),
        (lambda: spectrogram(np.zeros(8), 9), ValueError, "longer than the sound"),
    ],
)
def test_an_image_or_a_sound_that_cannot_be_cut(cut, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        cut()


# Files


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffdéjà vu\r\n漢字\n".encode())
    assert read_text(file) == read_text(str(file)) == "déjà vu\n漢字\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"caf\xe9 au lait", "a.txt is not UTF-8: byte 3 is 0xe9; .* save it as UTF-8"),
        (b"", "a.txt is empty"),
        (b" \n\n", "a.txt is empty"),
    ],
)
def test_a_file_that_holds_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_text(file)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    with file.open("wb") as out:
        out.truncate(LARGEST_FILE + 1)
    with pytest.raises(ValueError, match=r"large.txt has 10.0 MB, over the limit of 10"):
        read_text(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no file"):
            read_text(path)
