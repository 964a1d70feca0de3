"""What a model of transformers attended to, taken from one call of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from .inputs import DECODER, ENCODER, alone, check_sizes, fitting, inputs_of, read, unknown

# How transformers calls its maps, and how they are called here. A model of one stack says "attentions".
ROLES = {"attentions": "self", "decoder_attentions": "self"}
ROLES |= {"cross_attentions": "cross", "encoder_attentions": "source"}
ROUNDING = 0.05  # of the sum of a row in bfloat16


@dataclass(frozen=True, eq=False)
class PretrainedAttention:
    """What a pretrained model attended to in one sequence, without padding.

    attention: by "self", "cross" and "source" (the encoder of an encoder-decoder), as in a Trace, those that
    the model has: [layer, head, query, key]. tokens: of "self", and the rows of "cross"; source_tokens: of
    "source", and the columns of "cross"; () where there is no source. Tokens are strings of the tokenizer
    ("##ing", "Ġthe"), or ids where none was given.
    """

    attention: Mapping[str, NDArray]
    tokens: tuple[str, ...]
    source_tokens: tuple[str, ...] = ()

    def __repr__(self) -> str:
        maps = ", ".join(f"{role} {list(each.shape)}" for role, each in self.attention.items())
        return f"PretrainedAttention({maps})"


def attention_of(
    model: Any, inputs: Any, *, target: str | None = None, tokenizer: Any = None
) -> PretrainedAttention | list[PretrainedAttention]:
    """The attention maps of a model from `transformers`; for several sequences, a list of them.

    inputs: what a tokenizer returns, ids [batch, token] or [token], or, with `tokenizer`, a text. An
    encoder-decoder also needs what its decoder has read: decoder_input_ids in the inputs, or `target`, the
    text that the decoder writes (it reads that one place later, after its start token).

    Each sequence runs alone, cut to its attention_mask, without dropout and gradients. The default way
    to compute attention (sdpa) keeps no maps, so the model switches to "eager" for the call; afterwards, even
    after an error, everything is as it was. Maps are float32 (float64 for a float64 model); rows sum to 1,
    except in models with attention sinks (GPT-OSS).

    TypeError or ValueError: no such model, or one without weights, without attention or of an unknown kind;
    ids not whole, out of the vocabulary or too many; a mask that does not fit; maps of more than 2 GB.
    """
    takes = inputs_of(model)
    fields = fitting(read(inputs, target, tokenizer, model), takes, model)
    sequences = [alone(fields, i) for i in range(len(fields[ENCODER]))]
    check_sizes(sequences, model)
    options = {"use_cache": False} if "use_cache" in takes else {}  # nothing is written after this
    with _looking(model), torch.no_grad():
        found = [_look(model, sequence, tokenizer, options) for sequence in sequences]
    return found if len(found) > 1 else found[0]


@contextmanager
def _looking(model: Any) -> Iterator[None]:
    """Eager attention and no dropout. Modes, configs and hooks are afterwards as they were before."""
    modules = [(each, each.training, set(vars(each)), set(each._forward_hooks)) for each in model.modules()]
    configs = {id(each.config): each.config for each, *_ in modules if hasattr(each, "config")}.values()
    ways = [(config, config._attn_implementation) for config in configs]
    try:
        if any(way != "eager" for _, way in ways):
            model.set_attn_implementation("eager")
        if left := {config._attn_implementation for config in configs} - {"eager"}:
            remedy = 'load it with from_pretrained(..., attn_implementation="eager")'
            raise unknown(model, f"cannot leave {left.pop()!r} attention, which keeps no maps: {remedy}")
        model.eval()
        yield
    finally:
        for config, way in ways:
            config._attn_implementation = way  # the outer first: it goes to the configs inside too
        for module, training, names, hooks in modules:
            module.training = training
            for hook in set(module._forward_hooks) - hooks:  # with these transformers collects the maps
                del module._forward_hooks[hook]
            for name in set(vars(module)) - names:  # and here it notes that they are there
                delattr(module, name)


def _look(model: Any, sequence: dict[str, Tensor], tokenizer: Any, options: Any) -> PretrainedAttention:
    """One sequence through the model."""
    here = {name: each.to(model.device) for name, each in sequence.items()}
    output = model(**here, output_attentions=True, return_dict=True, **options)
    source, n = sequence[ENCODER], sequence[ENCODER].shape[1]
    tokens = sequence.get(DECODER, source)
    shapes = {"self": [tokens.shape[1]] * 2, "cross": [tokens.shape[1], n], "source": [n, n]}
    found = {role: output.get(name) for name, role in ROLES.items() if output.get(name)}
    expected = set(shapes) if DECODER in sequence else {"self"}
    if missing := expected - set(found):
        raise unknown(model, f"has no attention maps for {', '.join(sorted(missing))}")
    attention = {role: _stacked(model, maps, shapes[role], role) for role, maps in found.items()}
    source_tokens = () if tokens is source else _labels(source, tokenizer)
    return PretrainedAttention(attention, _labels(tokens, tokenizer), source_tokens)


def _stacked(model: Any, maps: tuple[Tensor, ...], shape: list[int], role: str) -> NDArray:
    """A map [1, head, query, key] of every layer -> [layer, head, query, key]."""
    layers = getattr(model.config, "num_hidden_layers", len(maps))
    if role == "self" and not model.config.is_encoder_decoder and len(maps) != layers:
        raise unknown(model, f"has {len(maps)} maps for {layers} layers")
    for each in maps:
        got = list(getattr(each, "shape", ()))
        if len(got) != 4 or got[2:] != shape:
            raise unknown(model, f"gave {got} for {role}, not [1, head, {shape[0]}, {shape[1]}]")
    stacked = torch.cat(tuple(maps))
    stacked = stacked.to(torch.promote_types(stacked.dtype, torch.float32))  # [layer, head, query, key]
    if not ((stacked >= 0).all() and (stacked.sum(-1) < 1 + ROUNDING).all()):
        raise unknown(model, f"gave numbers for {role} that are not weights: its rows do not sum to 1")
    return stacked.cpu().numpy()


def _labels(ids: Tensor, tokenizer: Any) -> tuple[str, ...]:
    numbers = ids[0].tolist()
    names = numbers if tokenizer is None else tokenizer.convert_ids_to_tokens(numbers)
    return tuple(str(number if name is None else name) for name, number in zip(names, numbers, strict=True))
