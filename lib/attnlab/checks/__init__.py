"""Exercise checks: what is wrong with an answer, and what to look at next.

The notebooks end an exercise with `name = check_name(name)`. A check prints one verdict and never raises.
Until the exercise is solved it returns our own function, so that the rest of the notebook runs.

One file for each notebook, and one more where an exercise is long. What they share: `verdict.py` judges an
answer, `compare.py` says how it differs from the right one.
"""

from .failing_runs import CAUSES, check_diagnose, patient
from .flow import check_clip_gradients, check_input_gradient, check_softmax_backward
from .heads import check_head_adds, check_multi_head, check_split_heads
from .inside import check_prefix_matching_score, check_share_restored
from .layer_norm import check_layer_norm
from .learning import check_cross_entropy, check_logit_gradient, check_momentum_step
from .masks import check_both_masks, check_local_mask, check_safe_weights
from .positions import check_causal_alibi, check_turn_length
from .rankings import check_rank_agreement
from .recipe import check_stop_at, check_warmup_cosine
from .scale import check_kv_cache_bytes, check_layer_parameters, check_training_days
from .self_attention import check_attend_one, check_one_matrix
from .similarity import check_all_cosines, check_cosine, check_nearest
from .start import check_attention_received, check_looks_at
from .structures import check_next_word, check_visible
from .temperature import check_entropy, check_stable_softmax, check_temperature_for_odds
from .vectors import check_cut_into_patches, check_most_frequent_pair, check_one_hot
from .verdict import judge

__all__ = [
    "CAUSES", "check_all_cosines", "check_attend_one", "check_attention_received", "check_both_masks",
    "check_causal_alibi", "check_clip_gradients", "check_cosine", "check_cross_entropy",
    "check_cut_into_patches", "check_diagnose", "check_entropy", "check_head_adds",
    "check_input_gradient", "check_kv_cache_bytes", "check_layer_norm", "check_layer_parameters",
    "check_local_mask", "check_logit_gradient", "check_looks_at", "check_momentum_step",
    "check_most_frequent_pair", "check_multi_head", "check_nearest", "check_next_word", "check_one_hot",
    "check_one_matrix", "check_prefix_matching_score", "check_rank_agreement", "check_safe_weights",
    "check_share_restored", "check_softmax_backward", "check_split_heads", "check_stable_softmax",
    "check_stop_at", "check_temperature_for_odds", "check_training_days", "check_turn_length",
    "check_visible", "check_warmup_cosine", "judge", "patient",
]  # fmt: skip
