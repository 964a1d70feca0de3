"""Open a file of weights: gguf (one file, often 4 bits a weight) or safetensors (a folder from Hugging Face).

Maintained libraries read them: `gguf` and `safetensors`. Here both become the same: settings as config.json
has them, tensors in float32 by the names that transformers gives them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SETTINGS_OF_GGUF = {  # as config.json calls them: as gguf does
    "max_position_embeddings": "context_length",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "rope_theta": "rope.freq_base",
    "head_dim": "rope.dimension_count",
    "rope_scaling": "rope.scaling.type",
}


class Weights:
    """An open file. `take(name)` gives a tensor in float32 and notes that it was used.

    settings: without those that are null. names: of the tensors, as the file has them; size: how many numbers
    they hold; parts: the files that have them. neighbours: rotations turn pairs of neighbouring columns, as
    ours do; transformers turns column i with i + d / 2. tables: those of the tokenizer in a gguf.
    """

    def __init__(
        self,
        path: Path,
        parts: Sequence[Path],
        settings: Mapping[str, Any],
        sizes: Mapping[str, int],
        read: Callable[[str], Tensor],
        own: Callable[[str], str] = str,
        tables: Mapping[str, Any] | None = None,
    ) -> None:
        self.path, self.parts, self.names, self.tables = path, tuple(parts), frozenset(sizes), tables
        self.settings = {name: value for name, value in settings.items() if value is not None}
        self.size = sum(sizes.values())
        self.neighbours = tables is not None
        self._read, self._own, self._used = read, own, set[str]()

    def _found(self, name: str) -> str:
        """The file's own name. That of the whole model, "model." or "bert.", may be missing in front."""
        own = self._own(name)
        return own if own in self.names else own.partition(".")[2]

    def __contains__(self, name: str) -> bool:
        return self._found(name) in self.names

    def take(self, name: str) -> Tensor:
        """ValueError: the file has no such tensor."""
        if name not in self:
            raise ValueError(
                f"{self.path.name} lacks the tensor {name}, which a {self.settings['model_type']} model has: "
                "it is not whole, or of another structure"
            )
        self._used.add(self._found(name))
        return self._read(self._found(name))

    @property
    def share(self) -> float:
        """How much has been taken, from 0 to 1."""
        return len(self._used) / max(1, len(self.names))

    def left(self) -> list[str]:
        """The tensors that nobody took."""
        return sorted(self.names - self._used)


def open_weights(path: Path) -> Weights:
    """ValueError: damaged, or of another kind. ModuleNotFoundError: the library that reads it is missing."""
    if path.is_dir():
        return _safetensors(path, _weights_in(path))
    if path.suffix == ".gguf":
        return _gguf(path)
    if path.suffix == ".safetensors":
        shard = "-of-" in path.name  # says nothing without the others
        return _safetensors(path.parent, _weights_in(path.parent) if shard else [path])
    raise ValueError(
        f"{path.name} is no file of weights that can be read here: pass a .gguf file, or a folder with "
        "config.json and model.safetensors"
    )


@contextmanager
def reading(path: Path, library: str) -> Iterator[None]:
    """What a library says of a file that it cannot read, in our words. Each has errors of its own."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{path.name} is read by the library {library}: pip install {library}"
        ) from error
    except Exception as error:
        raise ValueError(
            f"{path.name} is damaged, or no {library} file: get it again ({type(error).__name__}: {error})"
        ) from error


def _gguf(path: Path) -> Weights:
    with reading(path, "gguf"):
        from gguf import MODEL_ARCH, GGUFReader, get_tensor_name_map, quants

        reader = GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
    kind, tensors = fields.get("general.architecture"), {each.name: each for each in reader.tensors}
    tables = {name.rpartition(".")[2]: each for name, each in fields.items() if name.startswith("tokenizer.")}
    settings = {name: fields.get(f"{kind}.{own}") for name, own in SETTINGS_OF_GGUF.items()}
    settings |= {"model_type": kind, "vocab_size": len(tables.get("tokens", ())) or None}
    naming = get_tensor_name_map(MODEL_ARCH.LLAMA, settings["num_hidden_layers"] or 0)

    def own(name: str) -> str:
        stem, _, end = name.rpartition(".")
        return f"{naming.get_name(stem)}.{end}"

    def read(name: str) -> Tensor:
        with reading(path, "gguf"):
            numbers = quants.dequantize(tensors[name].data, tensors[name].tensor_type)
        return torch.tensor(numbers, dtype=torch.float32)

    sizes = {name: int(each.n_elements) for name, each in tensors.items()}
    return Weights(path, [path], settings, sizes, read, own, tables)


def _weights_in(folder: Path) -> list[Path]:
    """The files of weights in a folder: one, or all shards."""
    whole = folder / "model.safetensors"
    return [whole] if whole.is_file() else sorted(folder.glob("model-*-of-*.safetensors"))


def _settings(folder: Path) -> dict[str, Any]:
    """What config.json says."""
    if not (about := folder / "config.json").is_file():
        raise ValueError(
            f"the folder {folder.name} has no config.json, which says what the weights are: pass a folder "
            "that has it beside model.safetensors, or a .gguf file"
        )
    with reading(about, "JSON"):
        settings = dict(json.loads(about.read_text(encoding="utf-8")))
    return settings | (settings.pop("rope_parameters", None) or {})


def _safetensors(folder: Path, files: Sequence[Path]) -> Weights:
    settings = _settings(folder)
    if not files:
        raise ValueError(
            f"the folder {folder.name} has no model.safetensors; other kinds are not read here: read it with "
            "transformers, and save it with save_pretrained"
        )
    home: dict[str, Path] = {}
    sizes: dict[str, int] = {}
    for file in files:
        with reading(file, "safetensors"):
            from safetensors import safe_open

            with safe_open(file, "pt") as reader:
                here = list(reader.keys())
                home |= dict.fromkeys(here, file)
                sizes |= {name: prod(reader.get_slice(name).get_shape()) for name in here}

    def read(name: str) -> Tensor:
        with reading(home[name], "safetensors"), safe_open(home[name], "pt") as reader:
            return reader.get_tensor(name).to(torch.float32)

    return Weights(folder, files, settings, sizes, read)
