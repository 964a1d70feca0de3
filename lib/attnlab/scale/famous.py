"""Well-known models, by the sizes in their papers, next to their published parameter counts.

A piece that a paper has and `Config` does not is in `extra`, computed from the config's sizes.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from attnlab.models import Config

from .counting import linear, norm, parameters

UNITS = {"": 0, "K": 3, "M": 6, "B": 9, "T": 12}


@dataclass(frozen=True)
class Famous:
    """A published model.

    config: its sizes. extra: pieces that Config does not have. published: the parameter count as it is
    written there. source: where the sizes and the count are from. note: what you must know to compare them.
    trained_tokens: how many tokens it was trained on, None if not published; tokens_source: where that is
    from.
    """

    name: str
    year: int
    config: Config
    published: str
    source: str
    note: str = ""
    extra: dict[str, int] = field(default_factory=dict)
    trained_tokens: int | None = None
    tokens_source: str = ""

    @property
    def pieces(self) -> dict[str, int]:
        """As `parameters(config)`, then those of `extra`."""
        return parameters(self.config) | self.extra

    @property
    def parameters(self) -> int:
        """How many in all."""
        return sum(self.pieces.values())

    @property
    def agrees(self) -> bool:
        """Whether the count, rounded to the digits of `published`, is `published`: see `rounds_to`."""
        return rounds_to(self.parameters, self.published)


def rounds_to(number: int, published: str) -> bool:
    """Whether a number rounds (halves up) to one as published: "117M", "8.0B", "1,557,611,200".

    The number is rounded to the last significant digit. With a decimal point, that is the last digit written:
    "8.0B" is 7.95 to below 8.05 billion. Without one, zeros at the end do not count, as they may come from
    rounding: "340M" is 335 to below 345 million, "336M" 335.5 to below 336.5 million.
    Raises ValueError: not a number of this form.
    """
    written = re.fullmatch(r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?([KMBT]?)", published)
    if not written or not re.search("[1-9]", published):
        raise ValueError(
            f"published must be a number like '110M' or '8.0B', got {published!r:.60}; rewrite it"
        )
    digits, point, unit = written[1].replace(",", ""), written[2] or "", UNITS[written[3]]
    zeros = 0 if point else len(digits) - len(digits.rstrip("0"))
    step = Decimal(10) ** (unit + zeros - max(len(point) - 1, 0))  # one unit of the last significant digit
    target = Decimal(digits + point) * Decimal(10) ** unit
    return target - step / 2 <= number < target + step / 2


VASWANI = "Vaswani et al. (2017), Table 3, https://arxiv.org/abs/1706.03762"
DEVLIN = "Devlin et al. (2018), section 3, https://arxiv.org/abs/1810.04805"
RADFORD = (
    "Radford et al. (2019), Table 2; corrected in README and DEVELOPERS.md of https://github.com/openai/gpt-2"
)
BROWN = "Brown et al. (2020), Table 2.1 and abstract, https://arxiv.org/abs/2005.14165"
DUBEY = "Grattafiori et al. (2024), Table 3, https://arxiv.org/abs/2407.21783; the model card of Llama 3.1 8B"
YANG = "Yang et al. (2025), Table 1, https://arxiv.org/abs/2505.09388; the model card of Qwen3-8B"


def original(
    vocabulary: int, n_layers: int = 6, d_model: int = 512, n_heads: int = 8, d_ff: int = 2048
) -> Config:
    """An original Transformer; the paper gives no maximum length, and sinusoids have no parameters."""
    return Config(
        vocabulary, 1024, "encoder-decoder", d_model=d_model, n_heads=n_heads, n_layers=n_layers, d_ff=d_ff,
        norm="post", positions="sinusoidal", activation="relu", tied=True,
    )  # fmt: skip


def _transformer(name: str, config: Config, published: str, steps: int) -> Famous:
    note = (
        f"The vocabulary of {config.vocabulary:,} is inferred from the published count: the 37,000 shared "
        "tokens of section 5.1 would give 63 million for base and 214 for big. In the paper only the "
        "feed-forward has biases; here the attention has them too: less than 0.1 percent more."
    )
    return Famous(
        name, 2017, config, published, VASWANI, note,
        trained_tokens=steps * 25_000,
        tokens_source=f"Sections 5.1 and 5.2: {steps:,} steps of about 25,000 target tokens",
    )  # fmt: skip


def _bert(name: str, d_model: int, n_layers: int, n_heads: int, published: str) -> Famous:
    config = Config(
        30_522, 512, d_model=d_model, n_heads=n_heads, n_layers=n_layers, norm="post", activation="gelu",
        tied=True,
    )  # fmt: skip
    extra = {
        "segment embedding": 2 * d_model,
        "embedding norm": norm(d_model),
        "masked-word head": linear(d_model, d_model, True) + norm(d_model) + config.vocabulary,
        "next-sentence head": linear(d_model, d_model, True) + linear(d_model, 2, True),
    }
    note = (
        "With all that pre-training uses: two kinds of segments, a norm after the embeddings, the head for "
        "masked words (a matrix, a norm, a bias for each word) and the pooler with the next-sentence head."
    )
    tokens_source = (
        "Appendix A.2: a million steps of 128,000 tokens, about 40 epochs over 3.3 billion words; it also "
        "says that nine steps in ten used sequences of 128 tokens instead of 512: a third of that"
    )
    return Famous(name, 2018, config, published, DEVLIN, note, extra, 128_000 * 10**6, tokens_source)


def _gpt(name: str, d_model: int, n_layers: int, n_heads: int, published: str, first: str) -> Famous:
    config = Config(
        50_257, 1024, "decoder", d_model=d_model, n_heads=n_heads, n_layers=n_layers, activation="gelu",
        tied=True,
    )  # fmt: skip
    note = (
        f"Table 2 of the paper says {first}. The README of the authors' repository says that the first "
        f"counts were wrong; there the model is called {published}."
    )
    return Famous(name, 2019, config, published, RADFORD, note)


def _gpt_3() -> Famous:
    config = Config(
        50_257, 2048, "decoder", d_model=12_288, n_heads=96, n_layers=96, activation="gelu", tied=True
    )
    return Famous(
        "GPT-3 175B", 2020, config, "175B", BROWN,
        "By its sizes it has 174.6 billion; the abstract says 175 billion and Table 2.1 175.0B. Vocabulary "
        "and tied output are those of GPT-2. Every second attention is sparse, which changes no count.",
        trained_tokens=300 * 10**9,
        tokens_source="Table 2.1: 300 billion tokens",
    )  # fmt: skip


def _recent(vocabulary: int, length: int, n_layers: int, d_ff: int, qk_norm: bool) -> Config:
    return Config(
        vocabulary, length, "decoder", d_model=4096, n_heads=32, n_layers=n_layers, d_ff=d_ff, n_kv_heads=8,
        positions="rotary", activation="swiglu", norm_type="rms", bias=False, qk_norm=qk_norm,
    )  # fmt: skip


def _llama() -> Famous:
    return Famous(
        "Llama 3.1 8B", 2024, _recent(128_256, 131_072, 32, 14_336, False), "8B", DUBEY,
        "Paper and model card say 8B. Keys and values have 8 heads for 32 of queries; no matrix has a bias.",
        trained_tokens=15 * 10**12,
        tokens_source="The model card: over 15 trillion tokens",
    )  # fmt: skip


def _qwen() -> Famous:
    return Famous(
        "Qwen3 8B", 2025, _recent(151_936, 40_960, 36, 12_288, True), "8.2B", YANG,
        "The model card also says 6.95B without embeddings: without the embedding and the output matrix.",
        trained_tokens=36 * 10**12,
        tokens_source="Section 3.1: 36 trillion tokens",
    )  # fmt: skip


FAMOUS: dict[str, Famous] = {
    model.name: model
    for model in (
        _transformer("Transformer base", original(41_000), "65M", 100_000),
        _transformer("Transformer big", original(36_000, 6, 1024, 16, 4096), "213M", 300_000),
        _bert("BERT base", 768, 12, 12, "110M"),
        _bert("BERT large", 1024, 24, 16, "340M"),
        _gpt("GPT-2 small", 768, 12, 12, "124M", "117M"),
        _gpt("GPT-2 medium", 1024, 24, 16, "355M", "345M"),
        _gpt("GPT-2 large", 1280, 36, 20, "774M", "762M"),
        _gpt("GPT-2 XL", 1600, 48, 25, "1558M", "1542M"),
        _gpt_3(),
        _llama(),
        _qwen(),
    )
}
