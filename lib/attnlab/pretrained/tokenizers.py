"""The tokenizer that lies beside the weights, as one of ours: byte pairs as in GPT-2, or WordPiece."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnlab.tokens import GPT2Tokenizer, WordPieceTokenizer
from attnlab.tokens.wordpiece import END, INSIDE, LONGEST_WORD, START, UNKNOWN

from .files import Weights, reading

Tokenizer = GPT2Tokenizer | WordPieceTokenizer
CONTROL = 3  # the kind of a special token in a gguf
SINGLE_DIGITS = {"gpt-2": False, "smollm": True}  # by the name of the cut in a gguf
END_OF_TEXT = "<|endoftext|>"  # GPT-2's only special token
# What a tokenizer.json may say of itself, if ours is to give the same ids; what it does not say is as here.
BYTES = {"add_prefix_space": False, "use_regex": True}
NO_PAIRS = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges")
PIECES = {"continuing_subword_prefix": INSIDE, "max_input_chars_per_word": LONGEST_WORD, "unk_token": UNKNOWN}
NORMAL = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
MARKS = (UNKNOWN, START, END, "[PAD]", "[MASK]")


def tokenizer_of(file: Weights) -> Tokenizer | None:
    """None: there is none, or none that we know. ValueError: a file that cannot be read."""
    if file.tables is not None:
        return _of_gguf(file.tables)
    folder = file.path
    if (path := folder / "tokenizer.json").is_file():
        with reading(path, "tokenizer"):
            return _of_json(json.loads(path.read_text(encoding="utf-8")))
    if (path := folder / "vocab.txt").is_file():
        return WordPieceTokenizer.read(path, _lower(folder))
    if (path := folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        return _of_two(path, folder / "merges.txt")
    return None


def _of_gguf(tables: Mapping[str, Any]) -> GPT2Tokenizer | None:
    if tables.get("model") != "gpt2" or tables.get("pre") not in SINGLE_DIGITS:
        return None
    if not {"tokens", "merges", "token_type"} <= set(tables):
        return None
    pieces = tables["tokens"]
    special = [piece for piece, kind in zip(pieces, tables["token_type"], strict=True) if kind == CONTROL]
    return GPT2Tokenizer.of(pieces, tables["merges"], special, SINGLE_DIGITS[tables["pre"]])


def _of_two(vocabulary: Path, pairs: Path) -> GPT2Tokenizer | None:
    """The two files of GPT-2."""
    with reading(vocabulary, "JSON"):
        pieces = _in_order(dict(json.loads(vocabulary.read_text(encoding="utf-8"))))
    with reading(pairs, "UTF-8"):
        lines = pairs.read_text(encoding="utf-8").splitlines()
    if pieces is None:
        return None
    merges = [line for line in lines if line and not line.startswith("#version")]
    return GPT2Tokenizer.of(pieces, merges, [END_OF_TEXT] if END_OF_TEXT in pieces else [])


def _lower(folder: Path) -> bool:
    if not (about := folder / "tokenizer_config.json").is_file():
        return True
    with reading(about, "JSON"):
        return bool(dict(json.loads(about.read_text(encoding="utf-8"))).get("do_lower_case", True))


def _of_json(given: Mapping[str, Any]) -> Tokenizer | None:
    """The file of the library `tokenizers`. None where ours would give other ids."""
    model, added = given["model"], given.get("added_tokens") or ()
    if any(each.get(how) for each in added for how in ("lstrip", "rstrip", "single_word")):
        return None
    kind = model.get("type", "BPE" if "merges" in model else None)  # old files do not say it
    if kind == "WordPiece":
        return _pieces(given, [each["content"] for each in added])
    return _pairs(given, {each["content"]: each["id"] for each in added}) if kind == "BPE" else None


def _pairs(given: Mapping[str, Any], added: Mapping[str, int]) -> GPT2Tokenizer | None:
    model, cuts = given["model"], given.get("pre_tokenizer") or {}
    pieces, parts = _in_order(model["vocab"] | added), cuts.get("pretokenizers", [cuts])
    if pieces is None or given.get("normalizer") or any(model.get(name) for name in NO_PAIRS):
        return None
    if [each.get("type") for each in parts] not in (["ByteLevel"], ["Digits", "ByteLevel"]):
        return None
    if not _like(parts[-1], BYTES) or not all(each.get("individual_digits") for each in parts[:-1]):
        return None
    merges = [each if isinstance(each, str) else " ".join(each) for each in model["merges"]]
    return GPT2Tokenizer.of(pieces, merges, list(added), len(parts) > 1)


def _pieces(given: Mapping[str, Any], added: list[str]) -> WordPieceTokenizer | None:
    normal, cuts = given.get("normalizer") or {}, given.get("pre_tokenizer") or {}
    lower = bool(normal.get("lowercase"))
    parts = ((given["model"], PIECES), (normal, NORMAL), (cuts, {"type": "BertPreTokenizer"}))
    if not all(_like(*part) for part in parts) or not set(added) <= set(MARKS):
        return None
    if normal.get("strip_accents") not in (None, lower):
        return None
    pieces = _in_order(given["model"]["vocab"])
    return None if pieces is None else WordPieceTokenizer.of(pieces, lower)


def _like(given: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    return all(given.get(name, value) == value for name, value in ours.items())


def _in_order(ids: Mapping[str, int]) -> list[str] | None:
    """None: ids that leave a gap, or come twice."""
    pieces = sorted(ids, key=ids.__getitem__)
    return pieces if [ids[piece] for piece in pieces] == list(range(len(pieces))) else None
