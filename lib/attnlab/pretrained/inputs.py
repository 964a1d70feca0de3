"""Check what comes in: a model whose maps can be shown, and inputs that it can read.

Every error names the argument, what was given, and what to do. All come before the model is run.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

MOST_BYTES = 2e9  # of all maps of one call
LONGEST_NAME = 60  # of what an error shows
KNOWN = (
    "text models: encoders (as BERT, RoBERTa, DistilBERT), decoders (as GPT-2, Llama, Qwen3) "
    "and encoder-decoders (as T5, BART, Marian)"
)
ENCODER, DECODER = "input_ids", "decoder_input_ids"
BESIDE = {  # what has one value for each id, the mask first
    ENCODER: ("attention_mask", "token_type_ids"),
    DECODER: ("decoder_attention_mask",),
}
OTHER_SENSES = {  # what other models take: what that is
    "pixel_values": "pictures", "visual_feats": "pictures",
    "input_features": "sound", "input_values": "sound",
}  # fmt: skip
LOAD = 'load a model with AutoModel.from_pretrained("bert-base-uncased")'
FIRST = "pass the model first, then the text, then tokenizer=..."
INSIDE = "pass the model inside: model.module"
NAMED = "that is a name, not a model; load it with AutoModel.from_pretrained({given})"
INSTEAD = {  # what is no such model, by its class or one that it comes from: what to do
    "Pipeline": "pass the model and the tokenizer inside: attention_of(pipe.model, text, "
    "tokenizer=pipe.tokenizer)",
    "OptimizedModule": "pass the model as it was before torch.compile: model._orig_mod",
    "DataParallel": INSIDE,
    "DistributedDataParallel": INSIDE,
    "Transformer": "a Transformer of attnlab shows its own: model(tokens, trace=True).attention; "
    "one of torch keeps no maps",
    "Pretrained": "that holds a Transformer of attnlab, with model(tokens, trace=True).attention",
    "PreTrainedTokenizerBase": FIRST,
    "BatchEncoding": FIRST,
    "PreTrainedConfig": f"a config has no weights; {LOAD}",
    "type": f"that is a class, not a model made from it; {LOAD}",
    "str": NAMED,
    "PurePath": NAMED,
    "Module": f"if it holds a model of transformers, pass that part; or {LOAD}",
    "object": LOAD,
}


def inputs_of(model: Any) -> Mapping[str, Any]:
    """What a model takes. That it is one of transformers is seen without importing that."""
    kinds = [each.__name__ for each in type(model).__mro__]
    if "PreTrainedModel" not in kinds:
        raise _no_model(model, kinds)
    if empty := next((name for name, each in model.named_parameters() if each.is_meta), None):
        raise ValueError(
            f"this {kinds[0]} has no weights in {empty}: it lies on the meta device, with its shape only; "
            "load it with from_pretrained, without offloading (to_empty gives memory, but no weights)"
        )
    takes = inspect.signature(model.forward).parameters
    if senses := sorted({what for name, what in OTHER_SENSES.items() if name in takes}):
        raise unknown(model, f"reads {' and '.join(['text'] * (ENCODER in takes) + senses)}")
    if ENCODER not in takes:
        raise unknown(model, f"does not read {ENCODER}")
    if hasattr(model.config, "attention_window"):
        raise unknown(model, "keeps its maps as windows, not as [query, key]")
    return takes


def _no_model(given: Any, kinds: list[str]) -> TypeError:
    """What was given in the place of a model, and what to do about it."""
    name = given.__name__ if isinstance(given, type) else kinds[0]
    if given is None or {"str", "PurePath"} & set(kinds):
        name = repr(given)
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}..."
    remedy = next(INSTEAD[kind] for kind in kinds if kind in INSTEAD).format(given=name)
    return TypeError(
        f"model must be a loaded model from transformers (pip install transformers), got {name}: {remedy}"
    )


def unknown(model: Any, why: str) -> ValueError:
    kind = f"{type(model).__name__} ({model.config.model_type})"
    return ValueError(f"attention_of cannot show a {kind}: it {why}. It knows {KNOWN}")


def read(inputs: Any, target: str | None, tokenizer: Any, model: Any) -> dict[str, Tensor]:
    """What the model is called with, by name, each [batch, token]."""
    if tokenizer is None and (isinstance(inputs, str) or target is not None):
        raise TypeError("a text needs tokenizer=..., the one that belongs to the model; or pass ids")
    given = tokenizer(inputs) if isinstance(inputs, str) else inputs
    given = dict(given) if isinstance(given, Mapping) else {ENCODER: given}
    if target is not None:
        given[DECODER] = _read_for(target, tokenizer, model)
    given = {name: each for name, each in given.items() if each is not None}
    if ENCODER not in given:
        raise ValueError(f"inputs must hold {ENCODER}, got {', '.join(given) or 'nothing'}")
    return {name: _ids(name, each) for name, each in given.items()}


def _read_for(target: str, tokenizer: Any, model: Any) -> list[int]:
    """What a decoder reads in order to write the target: its start token, then all but the last token."""
    start = getattr(model.config, "decoder_start_token_id", None)
    if not isinstance(target, str) or start is None:
        raise ValueError(
            "target must be one text, for a model with a decoder_start_token_id, "
            f"got {type(target).__name__} and {start}; or pass {DECODER} in the inputs"
        )
    return [start, *tokenizer(text_target=target)[ENCODER][:-1]]


def _ids(name: str, given: Any) -> Tensor:
    """A tensor of whole numbers [batch, token]."""
    if np.ma.is_masked(given):
        raise ValueError(f"{name} is a masked array: pass all ids, and mark padding in {BESIDE[ENCODER][0]}")
    try:
        ids = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{name} must be numbers in rows of equal length: {error}; "
            'for several texts use tokenizer(texts, padding=True, return_tensors="pt")'
        ) from None
    if ids.ndim not in (1, 2) or 0 in ids.shape:
        raise ValueError(f"{name} must be [batch, token] with at least one token, got {list(ids.shape)}")
    if ids.is_floating_point() or ids.is_complex():
        raise TypeError(f"{name} must be whole numbers, got {ids.dtype}: pass what the tokenizer returns")
    return ids.reshape(-1, ids.shape[-1]).long()


def fitting(fields: dict[str, Tensor], takes: Mapping[str, Any], model: Any) -> dict[str, Tensor]:
    """The same if the model can read it, with masks: where none was given all are tokens."""
    if "token_type_ids" not in takes:  # a tokenizer of BERT makes them for its relatives too
        fields = {name: each for name, each in fields.items() if name != "token_type_ids"}
    _check_names(fields, takes)
    for ids in BESIDE:
        for name in BESIDE[ids]:
            if name in fields:
                _check_beside(name, fields[name], ids, fields[ids])
    vocabulary = getattr(model.config, "vocab_size", None)
    _check_range(ENCODER, fields, vocabulary)
    _check_range(DECODER, fields, getattr(model.config, "decoder_vocab_size", None) or vocabulary)
    _check_range("token_type_ids", fields, getattr(model.config, "type_vocab_size", None))
    masks = {BESIDE[ids][0]: torch.ones_like(fields[ids]) for ids in BESIDE if ids in fields}
    return {name: mask for name, mask in masks.items() if name in takes} | fields


def _check_names(fields: dict[str, Tensor], takes: Mapping[str, Any]) -> None:
    known = [each for name in BESIDE for each in (name, *BESIDE[name]) if each in takes]
    if more := [name for name in fields if name not in known]:
        raise ValueError(f"inputs hold {', '.join(more)}: leave it out; only {', '.join(known)} can be used")
    if DECODER in takes and DECODER not in fields:
        raise ValueError(
            f"an encoder-decoder needs {DECODER}, what its decoder has read: add target='a text' and the "
            f"tokenizer, or inputs['{DECODER}'] = model.generate(**inputs), what the model itself writes"
        )
    if DECODER in fields and len(fields[DECODER]) != len(fields[ENCODER]):
        counts = f"{len(fields[DECODER])} and {len(fields[ENCODER])}"
        raise ValueError(f"{DECODER} and {ENCODER} must hold equally many sequences, got {counts}")


def _check_beside(name: str, given: Tensor, beside: str, ids: Tensor) -> None:
    if given.shape != ids.shape:
        raise ValueError(f"{name} must be shaped like {beside}, {list(ids.shape)}, got {list(given.shape)}")
    if "mask" in name and not (given.any(1).all() and set(given.unique().tolist()) <= {0, 1}):
        raise ValueError(f"{name} must be 1 for a token and 0 for padding, and leave each sequence a token")


def _check_range(name: str, fields: dict[str, Tensor], size: int | None) -> None:
    if name not in fields or not size:
        return
    low, high = (int(each) for each in fields[name].aminmax())
    if low < 0 or high >= size:
        raise ValueError(
            f"{name} holds {low if low < 0 else high}, but this model knows 0 to {size - 1}: "
            "use the tokenizer that belongs to the model"
        )


def alone(fields: dict[str, Tensor], i: int) -> dict[str, Tensor]:
    """One sequence, each [1, token], without the padding at its start and its end."""
    cut: dict[str, Tensor] = {}
    for ids in [name for name in BESIDE if name in fields]:
        mask = fields.get(BESIDE[ids][0], torch.ones_like(fields[ids]))[i].nonzero()
        kept = slice(int(mask[0]), int(mask[-1]) + 1)
        cut |= {name: fields[name][i : i + 1, kept] for name in (ids, *BESIDE[ids]) if name in fields}
    return cut


def check_sizes(sequences: list[dict[str, Tensor]], model: Any) -> None:
    """Neither too long for the model nor too large for the memory. Told before the model runs."""
    longest, cells = _longest(model), 0
    for sequence in sequences:
        n, m = (sequence[name].shape[1] if name in sequence else 0 for name in BESIDE)
        cells += n * n + m * m + n * m
        if longest and max(n, m) > longest:
            raise ValueError(
                f"{ENCODER if n > longest else DECODER} has {max(n, m)} tokens, but this model takes at most "
                f"{longest}: shorten it, for example with truncation=True in the call of the tokenizer"
            )
    heads = getattr(model.config, "num_hidden_layers", 1) * getattr(model.config, "num_attention_heads", 1)
    if (size := heads * cells * max(4, model.dtype.itemsize)) > MOST_BYTES:
        raise ValueError(
            f"the maps of {heads} heads would take {size / 1e9:.1f} GB, more than {MOST_BYTES / 1e9:g} GB: "
            "pass a shorter text, or fewer sequences at once"
        )


def _longest(model: Any) -> int | None:
    """How many tokens a model reads at most; None: any number (T5 has relative positions)."""
    most = getattr(model.config, "max_position_embeddings", None) or 0
    for name, module in model.named_modules():  # the RoBERTa family counts positions from padding_idx + 1
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            most -= module.padding_idx + 1
    return most if most > 0 else None
