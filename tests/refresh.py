"""Run the project's notebooks in fresh kernels and write their outputs back in the canonical form.

python tests/refresh.py                          every notebook
python tests/refresh.py notebooks/02_*.ipynb     only these
"""

from __future__ import annotations

from pathlib import Path

from attnlab.nbval.__main__ import main

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

if __name__ == "__main__":
    raise SystemExit(main(notebooks=sorted(NOTEBOOKS.glob("*.ipynb"))))
