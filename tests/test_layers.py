"""The architecture of lib/attnlab: imports run downwards, modules stay small, importing stays cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import attnlab

PACKAGE = Path(__file__).parents[1] / "lib" / "attnlab"
MODULES = sorted(PACKAGE.rglob("*.py"))
MODULE_LINES, FUNCTION_LINES = 400, 25

# For each module: what it may import, of the package and of other people. The standard library is free.
LAYERS: dict[str, set[str]] = {
    "attention": {"numpy"},
    "tokens": {"attention", "numpy"},
    "tasks": {"attention", "tokens", "numpy"},
    "models": {"attention", "numpy", "torch"},
    "training": {"attention", "models", "tasks", "numpy", "torch"},
    "decoding": {"attention", "models", "numpy", "torch"},
    "scale": {"attention", "models", "numpy"},
    "pretrained": {
        "attention",
        "tokens",
        "models",
        "decoding",
        "numpy",
        "torch",
        "gguf",
        "safetensors",
        "huggingface_hub",
    },
    "views": {"attention", "numpy", "matplotlib", "PIL"},
    "checks": {"attention", "tokens", "numpy"},
    "panels": {"attention", "tokens", "views", "numpy", "anywidget", "ipywidgets", "traitlets", "IPython"},
    "server": {"jupyter_server"},
    "nbval": {"pytest", "nbclient", "nbformat", "jupyter_client", "ipykernel", "numpy", "PIL"},
    "__init__": set(),
}
NEVER = ("matplotlib.pyplot", "pylab", "matplotlib.pylab")
# Names that would fit any module: what is in it does not show.
SAY_NOTHING = {
    "base", "basics", "boundary", "common", "core", "general", "helper", "helpers", "lib", "main", "misc",
    "shared", "stuff", "support", "tool", "tools", "util", "utils",
}  # fmt: skip


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST, path: Path) -> Iterator[str]:
    """Full names of all that a module imports, also inside functions."""
    package = ["attnlab", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def import_faults(source: str, path: Path) -> Iterator[str]:
    """Imports that run upwards, or that the layer does not know."""
    here = layer(path)
    if here not in LAYERS:
        yield f"{here} has no place in LAYERS"
        return
    for name in imported(ast.parse(source), path):
        outside, *rest = name.split(".")
        target = rest[0] if outside == "attnlab" and rest else outside
        if name.startswith(NEVER):
            yield f"{path.name} imports {name}"
        elif target not in LAYERS[here] | {here} and target not in sys.stdlib_module_names:
            yield f"{here} imports {name}"


def module_of(name: str, modules: Mapping[str, Path]) -> str | None:
    """The module of the package that an imported name lies in."""
    parts = name.split(".")
    prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in modules), None)


def circles(sources: Mapping[str, tuple[Path, str]]) -> list[list[str]]:
    """Groups of modules of which each reaches each other by imports, those inside functions too."""
    paths = {name: path for name, (path, _) in sources.items()}
    reached = {
        name: {module_of(each, paths) for each in imported(ast.parse(source), path)} - {name, None}
        for name, (path, source) in sources.items()
    }
    for middle in reached:  # Warshall: whoever reaches the middle reaches what it reaches
        for name in reached:
            if middle in reached[name]:
                reached[name] = reached[name] | reached[middle]
    found = {
        tuple(sorted(o for o in reached[n] if o and n in reached[o])) for n in reached if n in reached[n]
    }
    return sorted(map(list, found))


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def encoding_faults(source: str) -> Iterator[str]:
    """Text files opened without saying how they are encoded (Windows would guess)."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        said = any(keyword.arg == "encoding" for keyword in node.keywords)
        if name in ("read_text", "write_text") and not said:
            yield f"line {node.lineno}: {name} without encoding"
        if isinstance(node.func, ast.Name) and name == "open" and not said and not _binary(node):
            yield f"line {node.lineno}: open without encoding"


def _binary(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and "b" in str(mode.value) for mode in modes)


def length_faults(source: str) -> Iterator[str]:
    """Functions that do not fit on a screen. The docstring does not count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.name} has {lines} lines"


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_downwards(path: Path) -> None:
    assert list(import_faults(path.read_text(encoding="utf-8"), path)) == []


def test_no_circles_inside_folders_either() -> None:
    assert circles({dotted(path): (path, path.read_text(encoding="utf-8")) for path in MODULES}) == []


def test_a_circle_is_found() -> None:
    sources = {
        "__init__": "from attnlab.views.stage import Stage",
        "view": "def f():\n    from attnlab.views.stage import Stage",
        "stage": "from . import layout",
        "layout": "import attnlab.views.view",
        "maps": "from attnlab.views import view",
    }
    paths = {PACKAGE / "views" / f"{name}.py": source for name, source in sources.items()}
    found = circles({dotted(path): (path, source) for path, source in paths.items()})
    assert found == [["attnlab.views.layout", "attnlab.views.stage", "attnlab.views.view"]]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_opened_with_an_encoding(path: Path) -> None:
    assert list(encoding_faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MODULE_LINES
    assert list(length_faults(source)) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_names_say_what_is_inside(path: Path) -> None:
    assert path.stem not in SAY_NOTHING


def test_a_name_that_says_nothing_is_found() -> None:
    assert {"base", "utils", "common"} <= SAY_NOTHING


def test_the_public_names_are_where_the_stub_says() -> None:
    for name in dir(attnlab):
        assert getattr(attnlab, name) is not None
    assert set(attnlab.__all__) < set(dir(attnlab)) and "fit" not in attnlab.__all__
    with pytest.raises(AttributeError, match="attnlab has no 'Heatmaps'; it has Adam, Areas"):
        _ = attnlab.Heatmaps


@pytest.mark.parametrize("module", ["attnlab", "attnlab.attention", "attnlab.views", "attnlab.panels.panel"])
def test_importing_is_cheap(module: str) -> None:
    costly = ["torch", "matplotlib.pyplot", "scipy", "jupyter_server"]
    cheap = ["numpy", "ipywidgets", "matplotlib", "pytest", "nbval"] if module == "attnlab" else []
    code = f"import {module}, sys; print([name for name in {costly + cheap} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("attention/scaled.py", "import matplotlib"),
        ("attention/scaled.py", "from .. import views"),
        ("attention/positions.py", "from attnlab.panels.panel import explore"),
        ("attention/positions.py", "from attnlab import explore"),
        ("views/maps.py", "import ipywidgets"),
        ("views/maps.py", "from ..panels import screen"),
        ("views/maps.py", "from ..panels.panel import Panel"),
        ("views/maps.py", "def f():\n    from matplotlib import pyplot"),
        ("views/maps.py", "import matplotlib.pyplot as plt"),
        ("checks/verdict.py", "import matplotlib"),
        ("panels/screen.py", "from attnlab.training import fit"),
        ("panels/panel.py", "import torch"),
        ("server.py", "from attnlab import views"),
        ("nbval/cells.py", "from attnlab.views import fonts"),
        ("panels/panel.py", "from attnlab.nbval import kernel"),
        ("another.py", "import numpy"),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    assert list(import_faults(source, PACKAGE / module)) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("views/maps.py", "from .view import View\nfrom ..attention import softmax\nimport math"),
        ("views/maps.py", "from attnlab.views import fonts"),
        ("panels/panel.py", "from . import screen\nfrom attnlab.views.stage import Stage"),
    ],
)
def test_a_downward_import_is_fine(module: str, source: str) -> None:
    assert list(import_faults(source, PACKAGE / module)) == []


@pytest.mark.parametrize(
    "source", ["open('x')", "p.read_text()", "p.write_text('x')", "with open('x', 'w') as f: ..."]
)
def test_a_missing_encoding_is_found(source: str) -> None:
    assert list(encoding_faults(source)) != []


def test_binary_files_and_other_opens_need_no_encoding() -> None:
    source = "open('x', 'rb'); open('x', mode='wb'); open('x', encoding='utf-8'); Image.open('x')"
    assert list(encoding_faults(source)) == []


def test_a_long_function_is_found() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    docstring = '    """One\n    two.\n    """\n'
    assert list(length_faults(f"def f():\n{docstring}{body}")) == []
    assert list(length_faults(f"def f():\n{docstring}{body}    x = 1\n")) == ["f has 26 lines"]
