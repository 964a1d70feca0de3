"""Numbers in prose, and where the notebook shows them.

For each number in the text of a notebook, `tests/prose/NN.json` names the place that shows it: a cell, and
the words in its code or output behind which the number comes. A test reads the number at that place and
compares it with the one in the text. The sources show the year of a paper, a question the numbers of its
answer.

    python -m tests.prose notebooks/03*.ipynb    look for the places of new numbers; say which have none

A number of the text that is not shown may be `{"is": "24 * 60 * 60"}`, a sum that the reader can do, or an
exception, `{"because": "Vaswani et al., table 3", "number": "28.4"}`.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tests.notebook_laws import texts_of
from tests.refresh import NOTEBOOKS

PLACES = Path(__file__).parent / "prose"
SHORTEST, LONGEST = 12, 90  # characters of a place that are kept

SKIPPED = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$|<summary>.*?</summary>|<code>.*?</code>|<[^<>]+>"
    r"|\]\([^)\s]*\)|https?://\S+|\[\d\d\]|\[\d\d (?=\w)|(?m:^#+ [^\n]*$)"
    r"|\*\*Exercise \d+: [^*]*\*\* \([●○]+, \d+ min\)"
    r"|\| (?:about )?\d+ min \||\*\*Time:\*\*.*?(?=\*\*Needs)|(?m:^ *\d+\. )|(?<![\w.,+−-])0\d(?!\d|[.,]\d)"
    r"|\b[Nn]otebooks? \d\d(?:(?:,| to| and| or) \d\d)*|\b[Ss]ections? \d+(?:(?:,| to| and) \d+)*",
    re.DOTALL,
)
DIGITS = r"(?:\d{1,3}(?:[,\u202f\u00a0]\d{3})+|\d+)(?:\.\d+)?(?:e[-−+]?\d+)?"
NUMBER = re.compile(rf"(?<![\w.,/])(?<![A-Za-z]-)(?P<digits>{DIGITS})(?![\w]|\.\d)(?P<times>(?: ?[·×] ?10)?)")
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
POWER = re.compile(r"[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
FACTORS = {
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "k": 1e3,
    "M": 1e6,
    "B": 1e9,
    "T": 1e12,
}
FACTOR = re.compile(r" ?(thousand|million|billion|trillion|[kMBT](?![a-zA-Z]))")
PERCENT = re.compile(r"\s?(%|per ?cent)")
ABOUT = re.compile(r"(about|nearly|almost|around|roughly|over|more than|less than|some|≈)\W{0,3}$")


@dataclass(frozen=True)
class Number:
    """A number as text shows it: its value, how much half its last digit is worth, and where it begins."""

    text: str
    value: float
    half: float
    start: int
    percent: bool = False

    def shows(self, other: Number) -> bool:
        """Whether `self`, in the text, is `other`, in an output, rounded."""
        values = [other.value]
        if self.percent and not other.percent:
            values.append(100 * other.value)
        return any(abs(abs(value) - self.value) <= self.half * (1 + 1e-9) for value in values)


def numbers(text: str, *, prose: bool) -> Iterator[Number]:
    """The numbers of a text. In prose, code, formulas, links and headings are skipped."""
    if prose:
        text = SKIPPED.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    pattern = NUMBER if prose else re.compile(rf"(?<![A-Za-z\d_.])(?P<digits>{DIGITS})(?P<times>)")
    for found in pattern.finditer(text):
        yield _number(found, text, prose)


def _number(found: re.Match[str], text: str, prose: bool) -> Number:
    digits = re.sub(r"[,\u202f\u00a0]", "", found["digits"]).replace("−", "-")
    behind, value = text[found.end() :], float(digits)
    mantissa = digits.split("e")[0]
    half = (
        0.5 * 10.0 ** -len(mantissa.partition(".")[2]) * (value / float(mantissa) if float(mantissa) else 1)
    )
    if prose and ABOUT.search(text[max(0, found.start() - 14) : found.start()]) and "." not in mantissa:
        half *= 10 ** (len(mantissa) - len(mantissa.rstrip("0"))) if value else 1
    factor = 1.0
    if power := POWER.match(behind):
        exponent = int(power.group().translate(POWERS))
        factor = 10.0**exponent if found["times"] else value ** (exponent - 1)
    if scaled := FACTOR.match(behind):
        factor *= FACTORS[scaled[1]]
    return Number(found.group(), value * factor, half * factor, found.start(), bool(PERCENT.match(behind)))


# A notebook's cells and their text


def text_of(cell: NotebookNode) -> str:
    """What a cell shows: its source and its outputs."""
    outputs = [text for output in cell.get("outputs", []) for text in texts_of(output) if text]
    return "\n".join([cell.source, *outputs])


def is_prose(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and "solution" not in cell.metadata.get("tags", [])


def prose(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, list[NotebookNode]]]:
    """Each cell of prose, and what shows its numbers: the code above, nearest first, below, the sources."""
    sources = [
        cell for cell in notebook.cells if cell.cell_type == "markdown" and "## Sources" in cell.source
    ]
    for place, cell in enumerate(notebook.cells):
        if is_prose(cell) and "## Sources" not in cell.source.splitlines()[:1]:
            above = [each for each in notebook.cells[:place] if each.cell_type == "code"][::-1]
            below = [each for each in notebook.cells[place:] if each.cell_type == "code"]
            yield cell, above + below + sources


def _sources(text: str) -> int:
    """Where the sources begin in a text."""
    return text.find("## Sources") % (len(text) + 1)


def told(cell: NotebookNode) -> list[Number]:
    return list(numbers(cell.source.split("## Sources")[0], prose=True))


# The places


def faults(notebook: NotebookNode, places: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    """What is wrong with the numbers of a notebook, a line each."""
    known = {cell.id: text_of(cell) for cell in notebook.cells}
    for cell, _ in prose(notebook):
        found, named = told(cell), places.get(cell.id, [])
        if len(found) != len(named):
            yield f"{_quoted(cell, None)}: {len(found)} numbers, places for {len(named)}"
        for number, place in zip(found, named, strict=False):
            if fault := _fault(number, place, cell.id, known):
                yield f"{_quoted(cell, number)}: {fault}"


def _fault(number: Number, place: dict[str, str], own: str, known: dict[str, str]) -> str:
    if place.get("because"):
        same = place.setdefault("number", number.text) == number.text
        return "" if same else f"the exception is {place['number']}"
    if "is" in place and not re.search(r"[-+*/(]", place["is"]):
        return f"{place['is']} is no sum"
    if "is" in place:
        value = float(eval(place["is"], {"__builtins__": {}}, vars(math)))
        return "" if number.shows(Number("", abs(value), 0, 0)) else f"{place['is']} is {value:.6g}"
    there = place.get("cell", "")
    shown = list(_shown(known.get(there, ""), place.get("behind", "")))
    if there == own:
        shown = [each for each in shown if not number.start <= each.start < _sources(known[own])]
    if not shown:
        return f"nothing shows it behind {place.get('behind')!r}"
    return (
        "" if all(map(number.shows, shown)) else f"shown: {', '.join(sorted({each.text for each in shown}))}"
    )


def _shown(text: str, behind: str) -> Iterator[Number]:
    """The numbers that come right behind these words."""
    found, at = _starts(text), text.find(behind) if behind else 0
    while at >= 0:
        if at + len(behind) in found:
            yield found[at + len(behind)]
        at = text.find(behind, at + 1) if behind else -1


@lru_cache(maxsize=200)
def _starts(text: str) -> dict[int, Number]:
    """The numbers of a cell's text by where they begin."""
    return {number.start: number for number in numbers(text, prose=False)}


def _quoted(cell: NotebookNode, number: Number | None) -> str:
    if number is None:
        return f"“{cell.source.strip()[:50]}…”"
    start = max(0, number.start - 40)
    text = cell.source[start : number.start + len(number.text) + 25]
    return f"“…{' '.join(text.split())}…” {number.text}"


# Looking for places


def look(notebook: NotebookNode, places: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The same places, with those of new numbers looked for; `{}` where there is none."""
    known = {cell.id: text_of(cell) for cell in notebook.cells}
    return {
        cell.id: list(_look(cell, cells, places.get(cell.id, []), known))
        for cell, cells in prose(notebook)
        if told(cell)
    }


def _look(
    cell: NotebookNode, cells: list[NotebookNode], old: list[dict[str, str]], known: dict[str, str]
) -> Iterator[dict[str, str]]:
    left = list(old)
    for number in told(cell):
        kept = next((place for place in left if place and not _fault(number, place, cell.id, known)), None)
        if kept is not None:  # places keep their order: what was passed over is of no more use
            del left[: left.index(kept) + 1]
        yield kept or _place(number, cell, cells)


def _place(number: Number, cell: NotebookNode, cells: list[NotebookNode]) -> dict[str, str]:
    """The nearest place that shows the number, among equals the one with most words of its sentence."""
    sentence = _words(cell.source[max(0, number.start - 120) : number.start + 80])
    found = []
    for distance, other in enumerate(each for each in cells if each.id != cell.id):
        text = text_of(other)
        shown = [each for each in _starts(text).values() if number.shows(each)]
        found += [(_likeness(sentence, text, each) - 1.5 * distance, other.id, text, each) for each in shown]
    above = [
        each for each in _starts(cell.source).values() if each.start < number.start and number.shows(each)
    ]
    found += [(-1e6, cell.id, cell.source, each) for each in above]
    for _, name, text, each in sorted(found, key=lambda one: -one[0])[:50]:
        if behind := _behind(text, each, number):
            return {"cell": name, "behind": behind}
    return {}


def _likeness(sentence: set[str], text: str, shown: Number) -> int:
    """How many words of the sentence stand in the line of an output, those near the number twice."""
    line = text[text.rfind("\n", 0, shown.start) + 1 :].partition("\n")[0]
    near = text[max(0, shown.start - 60) : shown.start + 20]
    return len(sentence & _words(line)) + 2 * len(sentence & _words(near))


def _behind(text: str, shown: Number, number: Number) -> str:
    """The words before a number in the text of a cell, so many that only this value comes behind them."""
    for length in range(SHORTEST, LONGEST + 1, 6):
        words = text[max(0, shown.start - length) : shown.start]
        if all(map(number.shows, _shown(text, words))):
            return words
    return ""


def _words(text: str) -> set[str]:
    return {
        word for word in re.findall(r"[^\W\d_]{2,}", text.lower()) if word not in {"the", "of", "in", "is"}
    }


# Files


def load(path: Path) -> dict[str, Any]:
    file = PLACES / f"{path.stem[:2]}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def main(paths: list[str]) -> int:
    without = 0
    PLACES.mkdir(exist_ok=True)
    for path in map(Path, paths or sorted(NOTEBOOKS.glob("*.ipynb"))):
        notebook = nbformat.read(path, as_version=4)
        places = look(notebook, load(path))
        lines = json.dumps(places, ensure_ascii=False, indent=1)
        (PLACES / f"{path.stem[:2]}.json").write_text(lines + "\n", encoding="utf-8")
        found = list(faults(notebook, places))
        without += len(found)
        print(f"{path.stem}: {sum(map(len, places.values()))} numbers, {len(found)} without a place")
        print("".join(f"    {fault}\n" for fault in found), end="")
    return min(without, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
