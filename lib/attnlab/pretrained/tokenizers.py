"""The tokenizer that lies beside the weights, as one of ours: byte pairs as in GPT-2, or WordPiece."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnlab.tokens import GPT2Tokenizer, WordPieceTokenizer

from .files import Weights, reading

Tokenizer = GPT2Tokenizer | WordPieceTokenizer
CONTROL = 3  # the kind of a special token in a gguf
SINGLE_DIGITS = {"gpt-2": False, "default": False, "smollm": True}  # by the name of the cut in a gguf


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
        merges = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
        with reading(path, "JSON"):
            pieces = _in_order(json.loads(path.read_text(encoding="utf-8")))
        return GPT2Tokenizer.of(pieces, [line for line in merges if not line.startswith("#version")])
    return None


def _of_gguf(tables: Mapping[str, Any]) -> GPT2Tokenizer | None:
    if tables.get("model") != "gpt2" or tables.get("pre", "default") not in SINGLE_DIGITS:
        return None
    pieces = tables["tokens"]
    special = [piece for piece, kind in zip(pieces, tables["token_type"], strict=True) if kind == CONTROL]
    return GPT2Tokenizer.of(pieces, tables["merges"], special, SINGLE_DIGITS[tables.get("pre", "default")])


def _lower(folder: Path) -> bool:
    about = folder / "tokenizer_config.json"
    return not about.is_file() or json.loads(about.read_text(encoding="utf-8")).get("do_lower_case", True)


def _of_json(given: Mapping[str, Any]) -> Tokenizer | None:
    """The file of the library `tokenizers`."""
    model, added = given["model"], {each["content"]: each["id"] for each in given.get("added_tokens", ())}
    if model["type"] not in ("WordPiece", "BPE"):
        return None
    pieces = _in_order(model["vocab"] | added)
    if model["type"] == "WordPiece":
        return WordPieceTokenizer.of(pieces, bool((given.get("normalizer") or {}).get("lowercase")))
    cuts = given.get("pre_tokenizer") or {}
    kinds = {each["type"]: each for each in cuts.get("pretokenizers", [cuts]) if each}
    if not {"ByteLevel"} <= set(kinds) <= {"ByteLevel", "Digits"}:
        return None
    merges = [each if isinstance(each, str) else " ".join(each) for each in model["merges"]]
    return GPT2Tokenizer.of(
        pieces, merges, list(added), kinds.get("Digits", {}).get("individual_digits", False)
    )


def _in_order(ids: Mapping[str, int]) -> list[str]:
    return sorted(ids, key=ids.__getitem__)
