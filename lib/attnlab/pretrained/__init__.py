"""The attention of a real pretrained model, in the form that the views and the runs of this package have.

The model comes from the `transformers` library, which is an optional extra: nothing here imports it, the one
who loads a model does. Read with transformers 5.24: BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT; GPT-2,
GPT-Neo, OPT, Llama, Mistral, Qwen3; T5, mT5, BART, Marian. Any other text model is read by the same rule: its
output says which maps it has. A map that is not [batch, head, query, key] is an error.
"""

from .maps import PretrainedAttention, attention_of

__all__ = ["PretrainedAttention", "attention_of"]
