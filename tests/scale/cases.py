"""Configs of all kinds, and real models of them."""

from typing import Any

import torch
from hypothesis import strategies as st

from attnlab.models import Config, Transformer

ALL_LATER = {
    "n_kv_heads": 2, "norm_type": "rms", "bias": False, "activation": "swiglu", "qk_norm": True,
    "positions": "rotary",
}  # fmt: skip
KINDS = ("encoder", "decoder", "encoder-decoder")
VARIANTS = {
    "plain": {},
    "later": ALL_LATER,
    "post": {"norm": "post", "activation": "gelu", "tied": True},
    "body": {"norm": "post", "embedding_norm": True, "outputs": 0},
    "attention only": {"d_ff": 0},
    "bare": {"norm": "none", "d_ff": 0, "positions": "none", "outputs": 3},
}


def config(kind: str = "decoder", **changes: Any) -> Config:
    """A small one whose numbers are all different."""
    sizes = {"d_model": 24, "n_heads": 4, "n_layers": 3, "d_ff": 40}
    return Config(**{"vocabulary": 53, "length": 17, "kind": kind} | sizes | changes)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any config that can be built, with few layers."""
    n_heads = draw(st.integers(1, 6))
    kv = draw(st.sampled_from([None, *(h for h in range(1, n_heads + 1) if n_heads % h == 0)]))
    tied = draw(st.booleans())
    return Config(
        draw(st.integers(1, 300)),
        draw(st.integers(1, 40)),
        draw(st.sampled_from(KINDS)),
        d_model=2 * n_heads * draw(st.integers(1, 5)),
        n_heads=n_heads,
        n_layers=draw(st.integers(1, 4)),
        d_ff=draw(st.none() | st.just(0) | st.integers(1, 70)),
        norm=draw(st.sampled_from(["pre", "post", "none"])),
        residual=draw(st.booleans()),
        positions=draw(st.sampled_from(["learned", "sinusoidal", "rotary", "none"])),
        activation=draw(st.sampled_from(["relu", "gelu", "gelu_tanh", "tanh", "swiglu"])),
        outputs=None if tied else draw(st.none() | st.integers(0, 9)),
        n_kv_heads=kv,
        norm_type=draw(st.sampled_from(["layer", "rms"])),
        bias=draw(st.booleans()),
        tied=tied,
        qk_norm=draw(st.booleans()),
        embedding_norm=draw(st.booleans()),
    )


def on_meta(config: Config) -> Transformer:
    """Shapes without numbers."""
    with torch.device("meta"):
        return Transformer(config)


def numel(model: torch.nn.Module) -> int:
    """Parameters of a real model; those that are shared count once."""
    return sum(p.numel() for p in model.parameters())


def ids(config: Config, batch: int, tokens: int, seed: int = 0, device: str = "cpu") -> torch.Tensor:
    """[batch, token]"""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, config.vocabulary, (batch, tokens), generator=generator).to(device)


def inputs(config: Config, batch: int, tokens: int, source: int, device: str = "cpu") -> list[torch.Tensor]:
    """What the model reads: tokens, and for an encoder-decoder a source."""
    found = [ids(config, batch, tokens, device=device)]
    return [*found, ids(config, batch, source, 1, device)] if config.kind == "encoder-decoder" else found
