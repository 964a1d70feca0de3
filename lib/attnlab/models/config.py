"""What a Transformer is made of, as a few numbers and words."""

from dataclasses import dataclass, replace

import numpy as np

from attnlab.attention.numbers import real_number, whole_number

KINDS = ("encoder", "decoder", "encoder-decoder")
NORMS = ("pre", "post", "none")
POSITIONS = ("learned", "sinusoidal", "rotary", "none")
ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "tanh", "swiglu")
NORM_TYPES = ("layer", "rms")


@dataclass(frozen=True)
class Config:
    """What a Transformer is made of.

    `vocabulary` tokens, sequences of at most `length`. `d_ff` None: 4 * d_model; 0: attention only. `norm`:
    "pre" (before each part, and once at the end), "post" (after it, as in the paper) or "none". `init_scale`
    multiplies the standard deviation 1/√d_in of every initial matrix. `attention_scale` replaces 1/√d_head.
    `outputs`: how many classes (default: the vocabulary); 0: no output matrix, the model returns its last
    residual stream. Raises TypeError or ValueError for a model that cannot be built.

    Later additions: `n_kv_heads` heads of keys and values, each shared by a group of query heads (Ainslie
    et al. 2023, https://arxiv.org/abs/2305.13245). `norm_type` "rms" (a gain and no shift, Zhang & Sennrich
    2019, https://arxiv.org/abs/1910.07467). `activation` "swiglu" (a gate, so a third matrix, Shazeer 2020,
    https://arxiv.org/abs/2002.05202). `bias` False: no matrix has one. `tied`: the output matrix is the
    embedding (Press & Wolf 2017, https://arxiv.org/abs/1608.05859). `qk_norm`: queries and keys have an RMS
    norm (Henry et al. 2020, https://arxiv.org/abs/2010.04245).

    What published models need as well: `rotary_base`, 10,000 in the paper (Su et al. 2021, section 3.2.2,
    https://arxiv.org/abs/2104.09864) and more in models for long texts; `embedding_norm`, a norm after the
    embeddings, and `norm_epsilon`, added to the variance in every norm (BERT: 1e-12); activation "gelu_tanh",
    the approximation that GPT-2 uses (Hendrycks & Gimpel 2016, section 2, https://arxiv.org/abs/1606.08415).
    """

    vocabulary: int
    length: int
    kind: str = "encoder"
    d_model: int = 32
    n_heads: int = 1
    n_layers: int = 1
    d_ff: int | None = None
    norm: str = "pre"
    residual: bool = True
    positions: str = "learned"
    activation: str = "relu"
    init_scale: float = 1.0
    attention_scale: float | None = None
    outputs: int | None = None
    n_kv_heads: int | None = None
    norm_type: str = "layer"
    bias: bool = True
    tied: bool = False
    qk_norm: bool = False
    rotary_base: float = 10_000.0
    embedding_norm: bool = False
    norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("vocabulary", "length", "d_model", "n_heads", "n_layers"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), 1))
        for name, least in (("d_ff", 0), ("outputs", 0), ("n_kv_heads", 1)):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, whole_number(name, value, least))
        for name, known in (
            ("kind", KINDS), ("norm", NORMS), ("positions", POSITIONS), ("activation", ACTIVATIONS),
            ("norm_type", NORM_TYPES),
        ):  # fmt: skip
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        for name in ("residual", "bias", "tied", "qk_norm", "embedding_norm"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
            object.__setattr__(self, name, bool(getattr(self, name)))
        for name, low in (("init_scale", 0), ("rotary_base", 1), ("norm_epsilon", 0)):
            object.__setattr__(self, name, real_number(name, getattr(self, name), low))
        if self.attention_scale is not None:
            scale = real_number("attention_scale", self.attention_scale, 0)
            object.__setattr__(self, "attention_scale", scale)
        self._check_columns()

    def _check_columns(self) -> None:
        """Heads share the columns; rotary and sinusoidal positions need pairs of them."""
        if self.d_model % self.n_heads:
            raise ValueError(
                f"n_heads={self.n_heads} does not divide d_model={self.d_model}; "
                f"choose one of {_divisors(self.d_model)}"
            )
        if self.n_heads % self.kv_heads:
            raise ValueError(
                f"n_kv_heads={self.n_kv_heads} does not divide n_heads={self.n_heads}: each must serve "
                f"equally many query heads; choose one of {_divisors(self.n_heads)}"
            )
        if self.positions == "rotary" and self.d_head % 2:
            raise ValueError(
                f"rotary positions turn pairs of columns: d_model / n_heads must be even, got {self.d_head}"
            )
        if self.positions == "sinusoidal" and self.d_model % 2:
            raise ValueError(f"sinusoidal positions need an even d_model, got {self.d_model}")
        if self.tied and self.outputs not in (None, self.vocabulary):
            raise ValueError(
                f"tied=True uses the embedding as the output matrix, so outputs must be the vocabulary, "
                f"{self.vocabulary}; got {self.outputs}: leave outputs out, or set tied=False"
            )

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    @property
    def kv_heads(self) -> int:
        """n_kv_heads as a number."""
        return self.n_heads if self.n_kv_heads is None else self.n_kv_heads

    @property
    def narrow(self) -> int:
        """Columns of the keys, and of the values."""
        return self.kv_heads * self.d_head

    @property
    def encoders(self) -> int:
        """Layers of the encoder beside the main stack: of an encoder-decoder."""
        return self.n_layers if self.kind == "encoder-decoder" else 0

    @property
    def classes(self) -> int:
        """outputs as a number."""
        return self.vocabulary if self.outputs is None else self.outputs

    @property
    def width(self) -> int:
        """d_ff as a number."""
        return 4 * self.d_model if self.d_ff is None else self.d_ff

    @property
    def scale(self) -> float:
        """What scores are multiplied by."""
        return self.d_head**-0.5 if self.attention_scale is None else self.attention_scale

    @property
    def shape(self) -> "Config":
        """The same without what changes neither the shapes nor the course of the computation."""
        return replace(
            self, d_ff=self.width, outputs=self.classes, n_kv_heads=self.kv_heads,
            init_scale=1.0, attention_scale=None,
        )  # fmt: skip


def _divisors(number: int) -> str:
    """All of them up to 1000: they are found at once, whatever the number."""
    return ", ".join(str(d) for d in range(1, min(number, 1000) + 1) if number % d == 0)
