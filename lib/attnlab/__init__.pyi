"""The public names of attnlab and their homes: for type checkers, editors, and `__init__.py` itself."""

# ruff: noqa: I001
# fmt: off
from . import (
    checks as checks, models as models, pretrained as pretrained, scale as scale, tasks as tasks,
    training as training,
)
from .attention import (
    Attention as Attention, alibi_bias as alibi_bias, apply_mask as apply_mask,
    causal_mask as causal_mask, multi_head_attention as multi_head_attention,
    padding_mask as padding_mask, rotate as rotate,
    scaled_dot_product_attention as scaled_dot_product_attention,
    sinusoidal_positions as sinusoidal_positions, softmax as softmax,
)
from .models import (
    Cache as Cache, Config as Config, Transformer as Transformer, ablate as ablate, patch as patch,
)
from .panels.controls import (
    Choice as Choice, Scrub as Scrub, Sentence as Sentence, Slider as Slider, Switches as Switches,
    Toggle as Toggle,
)
from .panels.live import Live as Live
from .panels.panel import Panel as Panel, explore as explore
from .panels.surface import present as present
from .pretrained import attention_of as attention_of
from .tasks import Data as Data, Task as Task
from .tokens import (
    BytePairTokenizer as BytePairTokenizer, CharTokenizer as CharTokenizer, GPT2Tokenizer as GPT2Tokenizer,
    WordPieceTokenizer as WordPieceTokenizer, WordTokenizer as WordTokenizer, frames as frames,
    patches as patches, read_text as read_text, spectrogram as spectrogram, words as words,
)
from .training import (
    SGD as SGD, Adam as Adam, Constant as Constant, Cosine as Cosine, Frame as Frame, Plan as Plan,
    RMSprop as RMSprop, Run as Run, Runs as Runs, StepDecay as StepDecay, Warmup as Warmup,
    WarmupCosine as WarmupCosine, early_stop as early_stop, fit as fit, load_run as load_run,
    resume as resume, sweep as sweep,
)
from .views import (
    Areas as Areas, Bars as Bars, Blocks as Blocks, Curves as Curves, DotProduct as DotProduct,
    Formula as Formula, Heads as Heads, Heatmap as Heatmap, Links as Links, Note as Note, Part as Part,
    Picture as Picture, Pieces as Pieces, Points as Points, Sound as Sound, View as View, amount as amount,
)

__version__: str
