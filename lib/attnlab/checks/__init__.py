"""Exercise checks: what is wrong with an answer, and what to look at next.

The notebooks end an exercise with `name = check_name(name)`. A check prints one verdict and never raises.
Until the exercise is solved it returns our own function, so that the rest of the notebook runs.

One file for each notebook; `verdict.py` is the mechanism that they share.
"""

from .heads import check_head_adds, check_multi_head, check_split_heads
from .masks import check_both_masks, check_local_mask, check_safe_weights
from .positions import check_causal_alibi, check_turn_length
from .self_attention import check_attend_one, check_one_matrix
from .similarity import check_all_cosines, check_cosine, check_nearest
from .start import check_attention_received, check_looks_at
from .temperature import check_entropy, check_stable_softmax, check_temperature_for_odds
from .vectors import check_cut_into_patches, check_most_frequent_pair, check_one_hot
from .verdict import judge

__all__ = [
    "check_all_cosines",
    "check_attend_one",
    "check_attention_received",
    "check_both_masks",
    "check_causal_alibi",
    "check_cosine",
    "check_cut_into_patches",
    "check_entropy",
    "check_head_adds",
    "check_local_mask",
    "check_looks_at",
    "check_most_frequent_pair",
    "check_multi_head",
    "check_nearest",
    "check_one_hot",
    "check_one_matrix",
    "check_safe_weights",
    "check_split_heads",
    "check_stable_softmax",
    "check_temperature_for_odds",
    "check_turn_length",
    "judge",
]
