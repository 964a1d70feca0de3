"""Files of tensors and plain values only, so that reading one cannot run code."""

import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

FORMAT, VERSION = "attnlab run", 1


def plain(record: Any) -> dict[str, Any]:
    """The fields of a dataclass, with plain numbers in place of NumPy's: a file may hold no others."""
    return {
        k: v.item() if isinstance(v, np.generic | np.ndarray | torch.Tensor) else v
        for k, v in asdict(record).items()
    }


def write(content: dict[str, Any], path: Path) -> Path:
    """Write tensors and plain values; an existing file stays intact until the new one is complete."""
    part = path.with_name(f"{path.name}.part")
    try:
        torch.save({"format": FORMAT, "version": VERSION} | content, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)  # what a failed save leaves
    return path


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote. FileNotFoundError; ValueError: damaged, something else, or a newer version."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name}: write one with run.save({path.name!r})")
    try:
        with zipfile.ZipFile(path) as members:  # torch does not look at the checksums
            if wrong := members.testzip():
                raise ValueError(f"the checksum of {wrong} is wrong")
        content = torch.load(path, weights_only=True)
    except Exception as error:  # a damaged zip, a foreign pickle: torch raises many kinds
        raise ValueError(f"{path.name} is not a run of attnlab, or it is damaged: {error!s:.100}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path.name} is not a run of attnlab: write one with run.save({path.name!r})")
    if content.get("version") != VERSION:
        raise ValueError(
            f"{path.name} has version {content.get('version')}, but this attnlab reads version {VERSION}: "
            "use the attnlab that wrote it"
        )
    return content
