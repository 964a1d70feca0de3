"""The laws of the notebooks, as far as a machine can check them. Each takes a page and yields its faults."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
TAGS = {"panel", "probe", "exercise", "solution", "table"}
CELLS, CELL_LINES, CODE_LINES, BYTES, PNG_BYTES = 35, 15, 158, 400_000, 60_000
MORE_CELLS, MORE_LINES = 12, 84  # where the last section has a real model
OUTPUT_LINES, OUTPUT_CHARACTERS, TABLES = 12, 900, 8  # of what a cell prints; tables in all notebooks
WORDS_A_MINUTE, PER_PANEL, PER_CELL, CORE = 150, 2, 0.5, 40  # minutes: each panel, each other cell, the most
EXERCISE = re.compile(r"(?m)^\*\*Exercise (\d): [^*\n]+\*\* \((●○○|●●○|●●●), (\d+) min\)$")
TIME = re.compile(r"(?m)^\*\*Time:\*\* about (\d+) min, and (\d+) more for the exercises\. \*\*Needs:\*\* ")


@dataclass(frozen=True)
class Page:
    """A notebook, its path, its size in bytes, and the names of all notebooks in reading order."""

    path: Path
    notebook: NotebookNode
    size: int
    series: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Page:
        series = tuple(sorted(each.name for each in path.parent.glob("*.ipynb")))
        return cls(path, nbformat.read(path, as_version=4), path.stat().st_size, series)

    @property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells

    @property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def prose(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def outputs(self) -> list[NotebookNode]:
        return [output for cell in self.code for output in cell.outputs]

    def tagged(self, tag: str) -> list[int]:
        return [place for place, cell in enumerate(self.cells) if tag in tags(cell)]

    def markdown_at(self, place: int) -> str:
        """The text of the markdown cell there; "" if there is none."""
        inside = 0 <= place < len(self.cells) and self.cells[place].cell_type == "markdown"
        return self.cells[place].source if inside else ""

    def section(self, title: str) -> str:
        """The text of the last markdown cell with such a heading or bold title; "" if there is none."""
        found = [cell.source for cell in self.prose if re.search(rf"(?im)^(#+ |\*\*).*{title}", cell.source)]
        return found[-1] if found else ""


Law = Callable[[Page], Iterator[str]]
LAWS: list[Law] = []


def law(check: Law) -> Law:
    LAWS.append(check)
    return check


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def code_lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip()]


def texts_of(output: NotebookNode) -> Iterator[str]:
    """All text that an output shows."""
    yield output.get("text", "")
    data = sorted(output.get("data", {}).items())  # a saved output is sorted, a fresh one is not
    yield from (value for mime, value in data if mime.startswith("text/"))


def links(text: str) -> list[str]:
    """Targets of markdown links, without images."""
    return re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text)


def panel_names(source: str) -> set[str]:
    """Names of the panels that a cell makes: functions under @explore, and results of explore(...)."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and any(map(_is_explore, node.decorator_list)):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_explore(node.value):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _is_explore(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return getattr(called, "id", getattr(called, "attr", "")) == "explore"


# Form of the file


@law
def the_file_name_has_a_number_and_words(page: Page) -> Iterator[str]:
    if not re.fullmatch(r"\d\d_[a-z0-9]+(_[a-z0-9]+)*\.ipynb", page.path.name):
        yield f"{page.path.name} is not NN_short_name.ipynb"


@law
def execution_counts_run_from_one(page: Page) -> Iterator[str]:
    counts = [cell.execution_count for cell in page.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"counts are {counts}: run tests/refresh.py"


@law
def cells_have_ids_of_their_own(page: Page) -> Iterator[str]:
    ids = [cell.get("id") for cell in page.cells]
    if None in ids or len(set(ids)) < len(ids):
        yield "cell ids are missing or not unique"


@law
def no_widget_is_saved(page: Page) -> Iterator[str]:
    if "widgets" in page.notebook.metadata:
        yield "widget state is saved"
    if any(WIDGET_VIEW in output.get("data", {}) for output in page.outputs):
        yield "a widget view is saved"


@law
def it_is_small(page: Page) -> Iterator[str]:
    if page.size >= BYTES:
        yield f"{page.size // 1000} kB"
    for output in page.outputs:
        bytes_of_png = len(output.get("data", {}).get("image/png", "")) * 3 // 4
        if bytes_of_png >= PNG_BYTES:
            yield f"a picture of {bytes_of_png // 1000} kB"


@law
def it_is_short(page: Page) -> Iterator[str]:
    real = any("from attnlab.pretrained" in cell.source for cell in page.code)
    if len(page.cells) > CELLS + MORE_CELLS * real:
        yield f"{len(page.cells)} cells"
    total = sum(len(code_lines(cell.source)) for cell in page.code)
    if total > CODE_LINES + MORE_LINES * real:
        yield f"{total} lines of code"
    for cell in page.code:
        if len(cell.source.splitlines()) > CELL_LINES:
            yield f"a code cell of {len(cell.source.splitlines())} lines: {cell.source.splitlines()[0]}"


@law
def no_cell_is_empty_and_tags_are_known(page: Page) -> Iterator[str]:
    for place, cell in enumerate(page.cells):
        if not cell.source.strip():
            yield f"cell {place} is empty"
        if unknown := set(tags(cell)) - TAGS:
            yield f"cell {place} has the tags {sorted(unknown)}"
        if cell.cell_type == "raw":
            yield f"cell {place} is raw"


# The story


@law
def the_opening_says_what_and_for_whom(page: Page) -> Iterator[str]:
    first = page.markdown_at(0)
    if not re.match(rf"# {page.path.name[:2]} · \S", first):
        yield f"the first cell does not begin with '# {page.path.name[:2]} · Title'"
    wanted = {
        "a question": r"\?",
        "what you will be able to do": r"(?i)able to",
    }
    for what, pattern in wanted.items():
        if not re.search(pattern, first):
            yield f"the first cell does not say {what}"


@law
def headings_have_one_form(page: Page) -> Iterator[str]:
    """`## 1 Title`, `## 2 Title` and so on, then the three of the end."""
    headings = [line for cell in page.prose for line in re.findall(r"(?m)^##? .*", _plain(cell.source))][1:]
    ends = [f"## {title}" for title in ("Recap", "Check yourself", "Sources")]
    if headings[-3:] != ends:
        yield f"the last headings are {headings[-3:]}, not {ends}"
    for number, heading in enumerate(headings[:-3], start=1):
        if not re.match(rf"## {number} \w", heading):
            yield f"'{heading}' does not begin with '## {number} '"


def _plain(text: str) -> str:
    """Without blocks of code."""
    return re.sub(r"(?s)```.*?```", "", text)


@law
def the_minutes_are_the_sum_of_the_parts(page: Page) -> Iterator[str]:
    found = TIME.search(page.markdown_at(0))
    if not found:
        yield "no '**Time:** about N min, and M more for the exercises. **Needs:** ' in the first cell"
        return
    core, exercises = core_minutes(page), exercise_minutes(page)
    if (int(found[1]), int(found[2])) != (core, exercises):
        yield f"{found[1]} and {found[2]} min are told, the parts take {core} and {exercises}"
    if core > CORE:
        yield f"the core takes {core} min"


def core_minutes(page: Page) -> int:
    """To read at 150 words a minute, with 2 min for each panel and half a minute for other code, by fives."""
    told = [cell.source for cell in page.prose if "solution" not in tags(cell)]
    read = [
        re.split(r"\*\*Exercise \d|## Sources", re.sub(r"(?s)<details>.*?</details>", "", text))[0]
        for text in told
    ]
    panels, exercises = len(page.tagged("panel")), len(page.tagged("exercise"))
    others = len(page.code) - panels - exercises
    minutes = len(" ".join(read).split()) / WORDS_A_MINUTE + PER_PANEL * panels + PER_CELL * others
    return 5 * round(minutes / 5)


def exercise_minutes(page: Page) -> int:
    return sum(int(found[3]) for cell in page.prose for found in EXERCISE.finditer(cell.source))


@law
def top_and_bottom_link_to_the_neighbours(page: Page) -> Iterator[str]:
    here = page.series.index(page.path.name)
    neighbours = page.series[max(here - 1, 0) : here] + page.series[here + 1 : here + 2]
    for where, text in (("first", page.markdown_at(0)), ("last", page.markdown_at(len(page.cells) - 1))):
        for name in neighbours:
            if name not in links(text):
                yield f"the {where} cell does not link to {name}"


@law
def links_to_files_lead_somewhere(page: Page) -> Iterator[str]:
    for cell in page.prose:
        for target in links(cell.source):
            file = target.split("#")[0]
            if (
                file
                and ":" not in file
                and file not in page.series
                and not (page.path.parent / file).exists()
            ):
                yield f"the link to {target} leads nowhere"


@law
def the_closing_recaps_asks_and_names_sources(page: Page) -> Iterator[str]:
    recap, check = page.section("recap"), page.section("check yourself")
    sentences = re.findall(r"[.!?](?=\s|$|\*)", re.sub(r"\$[^$]*\$|(?m:^#.*$)", "x", recap))
    if len(sentences) != 3:
        yield f"the recap has {len(sentences)} sentences, not three" if recap else "no recap"
    if "<details>" not in check:
        yield "no 'Check yourself' with folded answers in <details>"
    if not page.section("sources"):
        yield "no sources"


@law
def web_links_stand_with_the_sources(page: Page) -> Iterator[str]:
    known = r"https?://(www\.)?(arxiv\.org|doi\.org|docs\.|[\w.-]*\.readthedocs\.io)"
    for cell in page.prose:
        for address in re.findall(r"https?://[^\s)\"'>]+", cell.source):
            if not re.match(known, address) and cell.source != page.section("sources"):
                yield f"{address} does not stand with the sources"


@law
def nothing_is_fetched_from_the_web(page: Page) -> Iterator[str]:
    shown = [cell.source for cell in page.prose]
    shown += [text for output in page.outputs for text in texts_of(output)]
    for text in shown:
        if re.search(r"<(script|iframe|link|object|embed)\b", text, re.IGNORECASE):
            yield "a script, frame or style sheet"
        if re.search(r"!\[[^\]]*\]\(https?:|<(img|video|audio)[^>]*https?:", text):
            yield "a picture from the web"


@law
def pictures_have_words(page: Page) -> Iterator[str]:
    for cell in page.prose:
        if re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=)", cell.source):
            yield "a picture without alternative text"
    for output in page.outputs:
        data = output.get("data", {})
        if "image/png" in data and data.get("text/plain", "<").startswith("<"):
            yield "a picture whose text/plain says nothing"


# Code and its output


@law
def code_is_plain_python(page: Page) -> Iterator[str]:
    for cell in page.code:
        try:
            ast.parse(cell.source)
        except SyntaxError:
            yield f"not plain Python (a magic or a shell line?): {cell.source.splitlines()[0]}"


@law
def nbval_is_not_told_to_look_away(page: Page) -> Iterator[str]:
    for cell in page.code:
        if "NBVAL" in cell.source or any(tag.startswith(("nbval", "raises")) for tag in tags(cell)):
            yield "a marker of nbval"


@law
def chance_is_seeded_and_local(page: Page) -> Iterator[str]:
    unseeded = r"\bdefault_rng\(\s*\)|\btorch\.manual_seed\("
    shared = r"\bnp\.random\.(?!default_rng|Generator)\w+\(|\brandom\.(seed|random|choice|shuffle)\("
    for cell in page.code:
        if found := re.search(f"{unseeded}|{shared}", cell.source):
            yield f"{found.group()}...: use a local generator with a seed"


@law
def no_cell_fails_or_warns(page: Page) -> Iterator[str]:
    for output in page.outputs:
        if output.output_type == "error":
            yield f"an error is saved: {output.ename}"
        if output.get("name") == "stderr":
            yield f"a warning is saved: {output.text.strip()[:80]}"


@law
def outputs_are_the_same_on_every_machine(page: Page) -> Iterator[str]:
    patterns = {
        "an address": r"0x[0-9a-f]{6,}",
        "a path": r"(?<![\w.])/(home|Users|root|tmp|usr|work|var)/|\b[A-Z]:\\",
        "a version": r"(?i)\b(python|torch|numpy|matplotlib|ipywidgets|jupyterlab)[ =v]*\d+\.\d+|\d\+cpu",
        "a time": r"\b\d+(\.\d+)? ?(ms|µs|seconds)\b|\b\d\d:\d\d:\d\d\b",
    }
    for output in page.outputs:
        for text in texts_of(output):
            for what, pattern in patterns.items():
                if found := re.search(pattern, text):
                    yield f"{what} is printed: {found.group()}"


# Panels and exercises


@law
def panels_are_tagged_and_saved_as_pictures(page: Page) -> Iterator[str]:
    for cell in page.code:
        names = panel_names(cell.source)
        if names and "panel" not in tags(cell):
            yield f"{sorted(names)} is a panel without the tag"
        if "panel" in tags(cell) and not names:
            yield f"tagged as a panel, but makes none: {cell.source.splitlines()[0]}"
        if "panel" in tags(cell) and not any(map(_is_panel, cell.outputs)):
            yield f"{sorted(names)} shows no panel with its tour: run tests/refresh.py"


def _is_panel(output: NotebookNode) -> bool:
    """A panel as refresh.py saves it: a picture, and the words of a tour."""
    toured = "tour" in output.get("metadata", {}).get("attnlab", {})
    return toured and {"image/png", "text/plain"} <= output.data.keys()


@law
def predict_move_explain(page: Page) -> Iterator[str]:
    panels = page.tagged("panel")
    for panel, following in zip(panels, [*panels[1:], len(page.cells)], strict=True):
        names = panel_names(page.cells[panel].source)
        question = page.markdown_at(panel - 1)
        if "?" not in question or not re.search(r"(?i)predict|guess", question):
            yield f"no question to predict before the panel {sorted(names)}"
        after = next((p for p in range(panel + 1, following) if page.cells[p].cell_type == "markdown"), 0)
        if not _explains(page.markdown_at(after)):
            yield f"nothing is explained after the panel {sorted(names)}"


def _explains(text: str) -> bool:
    """Whether text is left without headings and the questions of the next panel or exercise."""
    paragraphs = re.split(r"\n\s*\n", re.sub(r"(?m)^#.*$", "", text))
    told = [each for each in paragraphs if not re.search(r"(?i)predict|\*\*exercise|<details>", each)]
    return len(" ".join(told)) >= 40


@law
def a_cell_drives_a_panel_for_the_learner(page: Page) -> Iterator[str]:
    for cell in page.code:
        drives = re.search(r"\.(set|set_state)\(", cell.source)
        if re.search(r"\.tour\(", cell.source):
            yield f"a tour is printed, which the panel's own output holds: {cell.source.splitlines()[0]}"
        if bool(drives) is not ("probe" in tags(cell)):
            what = "a probe without the tag" if drives else "tagged as a probe, but drives nothing"
            yield f"{what}: {cell.source.splitlines()[0]}"
        if drives and not cell.outputs:
            yield f"a probe that shows nothing: {cell.source.splitlines()[0]}"


@law
def no_cell_needs_a_probe(page: Page) -> Iterator[str]:
    """What only a probe defines is used in no other cell: a probe may be left out."""
    probes = page.tagged("probe")
    for place in probes:
        others = [cell for at, cell in enumerate(page.cells) if at != place and cell.cell_type == "code"]
        made = _names(page.cells[place], ast.Store) - {"_"}
        made -= {name for other in others for name in _names(other, ast.Store)}
        for name in sorted(made & {name for other in others for name in _names(other, ast.Load)}):
            yield f"{name} is made in a probe and used elsewhere"


def _names(cell: NotebookNode, context: type[ast.expr_context]) -> set[str]:
    """The names that a cell reads or makes; an argument of a function is made there."""
    nodes = list(ast.walk(ast.parse(cell.source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, context)}
    return names | {node.arg for node in nodes if isinstance(node, ast.arg) and context is ast.Store}


@law
def a_panel_keeps_its_names(page: Page) -> Iterator[str]:
    """No later cell gives another value to a name that a panel's function reads: its next move would fail."""
    code = page.code
    for at, cell in enumerate(code):
        read = {name for function in _panel_functions(cell) for name in _read_by(function)}
        later = {name for other in code[at + 1 :] for name in _made_by(ast.parse(other.source))}
        for name in sorted(read & later):
            yield f"{name} is read by a panel, and made anew in a later cell"


def _panel_functions(cell: NotebookNode) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.FunctionDef) and any(map(_is_explore, node.decorator_list)):
            yield node


def _read_by(function: ast.FunctionDef) -> set[str]:
    """The names of the notebook that a function reads when it is called."""
    inside = [node for statement in function.body for node in ast.walk(statement)]
    names = [node for node in inside if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in [*inside, *ast.walk(function.args)] if isinstance(node, ast.arg)}
    return {node.id for node in names} - own


def _made_by(node: ast.AST) -> set[str]:
    """The names that a cell leaves in the notebook: not those inside functions and comprehensions."""
    made: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            made.add(child.name)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            made.add(child.id)
        elif not isinstance(child, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            made |= _made_by(child)
    return made


@law
def what_is_printed_is_short(page: Page) -> Iterator[str]:
    """But for a table that the text discusses: its cell has the tag."""
    for cell in page.code:
        long = is_long("".join(printed(cell)))
        if long is not ("table" in tags(cell)):
            yield f"{'a long output' if long else 'a table that is short'}: {cell.source.splitlines()[0]}"


def printed(cell: NotebookNode) -> Iterator[str]:
    """The texts that a reader sees below a cell: not those behind a picture, nor the bytes of a sound."""
    for output in cell.outputs:
        if "image/png" not in output.get("data", {}):
            yield from (re.sub(r'"data:[^"]*"', '""', text) for text in texts_of(output))


def is_long(text: str) -> bool:
    return len(text) > OUTPUT_CHARACTERS or len(text.strip("\n").splitlines()) > OUTPUT_LINES


@law
def exercises_are_whole(page: Page) -> Iterator[str]:
    for number, place in enumerate(page.tagged("exercise"), start=1):
        cell, task = page.cells[place], page.markdown_at(place - 1)
        checks = re.fullmatch(r"(\w+) = check_\w+\((\w+)\)", code_lines(cell.source)[-1])
        if not checks or checks.group(1) != checks.group(2):
            yield f"exercise {number} does not end with name = check_name(name)"
        elif not re.search(rf"def {checks.group(1)}\(", cell.source):
            yield f"exercise {number} has no stub of {checks.group(1)}"
        if not any("TODO" in text for output in cell.outputs for text in texts_of(output)):
            yield f"exercise {number} is not saved as TODO"
        if [found[1] for found in EXERCISE.finditer(task)] != [str(number)]:
            yield f"no '**Exercise {number}: title** (●○○, 5 min)' on a line of its own before the exercise"
        yield from _solution_faults(page, place, number, checks.group(1) if checks else "")
    if len(page.tagged("solution")) != len(page.tagged("exercise")):
        yield "not as many solutions as exercises"


@law
def it_has_two_to_four_exercises_and_a_transfer_question(page: Page) -> Iterator[str]:
    if not 2 <= len(page.tagged("exercise")) <= 4:
        yield f"{len(page.tagged('exercise'))} exercises, not two to four"
    if "Transfer" not in "".join(cell.source for cell in page.prose):
        yield "no question marked Transfer"


@law
def small_multiples_tell_it_without_a_kernel(page: Page) -> Iterator[str]:
    if not any(".filmstrip(" in cell.source and cell.outputs for cell in page.code):
        yield "no filmstrip at a key place"


def _solution_faults(page: Page, place: int, number: int, name: str) -> Iterator[str]:
    text = page.markdown_at(place + 1)
    if "solution" not in tags(page.cells[min(place + 1, len(page.cells) - 1)]):
        yield f"no cell tagged solution behind exercise {number}"
    for summary in ("Hint 1", "Hint 2", "Solution"):
        if not re.search(rf"<details>\s*<summary>{summary}</summary>", text):
            yield f"exercise {number} has no folded {summary}"
    if text.count("<details>") != text.count("</details>"):
        yield f"exercise {number}: <details> and </details> do not match"
    if len(solutions(text)) != 1 or f"def {name}(" not in "".join(solutions(text)):
        yield f"exercise {number} has not one python block that defines {name}"


def solutions(text: str) -> list[str]:
    """The python blocks of a markdown text."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def running_examples(page: Page) -> list[str]:
    """The cells that define the tokens of the sentence that the notebooks share."""
    return [
        cell.source
        for cell in page.code
        if re.search(r"(?m)^tokens = ", cell.source) and re.search(r"\bthirsty\b", cell.source)
    ]
