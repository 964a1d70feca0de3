"""The attention of a real pretrained model, in the form that the views and runs of this package use.

The model comes from the `transformers` library, which is an optional extra: nothing here imports it; whoever
loads a model does. Tried with transformers 5.24: BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT; GPT-2,
GPT-Neo, OPT, Llama, Mistral, Qwen3; T5, mT5, BART, Marian. Any other text model is read in the same way: its
output says which maps it has. A map that is not [batch, head, query, key] is an error.
"""

from .maps import PretrainedAttention, attention_of

__all__ = ["PretrainedAttention", "attention_of"]
