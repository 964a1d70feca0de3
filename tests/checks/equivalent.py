"""Mutants that are no mistakes: what changed, and why nothing changes. A file for each notebook."""

import json
from pathlib import Path

FILES = sorted((Path(__file__).parent / "equivalent").glob("*.json"))
EQUIVALENT: dict[str, dict[str, str]] = {
    name: changes for file in FILES for name, changes in json.loads(file.read_text(encoding="utf-8")).items()
}
