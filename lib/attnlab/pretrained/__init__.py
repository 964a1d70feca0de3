"""Real models: published weights in our own Transformer, and the attention of models of `transformers`.

`load("smollm2")` and `load("minilm")` give our own classes with real weights, where these are installed (see
`sources.py`). `maps_of`, `stored` and `word_vectors` read what lies in this package, made by `python -m
attnlab.pretrained.store`: they need neither PyTorch nor a model.

`attention_of` reads a model of the `transformers` library, which is an optional extra: nothing here imports
it; whoever loads a model does. Tried with transformers 5.24: BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT;
GPT-2, GPT-Neo, OPT, Llama, Mistral, Qwen3; T5, mT5, BART, Marian. Any other text model is read in the same
way: its output says which maps it has. A map that is not [batch, head, query, key] is an error.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .sources import installed
from .stored import maps_of, stored, word_vectors

if TYPE_CHECKING:
    from .loading import Pretrained, load
    from .maps import PretrainedAttention, attention_of

__all__ = [
    "Pretrained", "PretrainedAttention", "attention_of", "installed", "load", "maps_of", "stored",
    "word_vectors",
]  # fmt: skip
_WITH_TORCH = {
    "Pretrained": "loading", "load": "loading", "PretrainedAttention": "maps", "attention_of": "maps",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"attnlab.pretrained has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"attnlab.pretrained.{_WITH_TORCH[name]}"), name)
