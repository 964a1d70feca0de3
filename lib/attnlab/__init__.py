"""Interactive self-attention: the maths in NumPy, views that draw and describe, panels that move.

Names load on first use: importing attnlab costs nothing, and the first half never imports torch. Only
`__init__.pyi` lists the public names and where each lives.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

_HOME: dict[str, str] = {}  # name -> the module that has it; a module is its own
_STUB = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
for _line in ast.parse(_STUB).body:
    if isinstance(_line, ast.ImportFrom):
        _HOME |= {_name.name: _line.module or _name.name for _name in _line.names}

# `from attnlab import *` works without PyTorch: names that need it are asked for by name.
_WITH_TORCH = ("models", "pretrained", "training")
__all__ = [name for name, home in _HOME.items() if home != name and home.split(".")[0] not in _WITH_TORCH]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"attnlab has no {name!r}; it has {', '.join(sorted(_HOME))}")
    module = import_module(f"attnlab.{_HOME[name]}")
    return module if _HOME[name] == name else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(_HOME)
