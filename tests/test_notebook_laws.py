"""The linter over notebooks/*.ipynb, and for each law notebooks that break it."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests import notebook_laws as laws
from tests.notebook_laws import LAWS, WIDGET_VIEW, Law, Page

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
# At least these must be there. Add a name when a notebook is added.
REQUIRED = {
    "00_start_here.ipynb",
    "01_text_to_vectors.ipynb",
    "02_similarity.ipynb",
    "03_softmax_temperature.ipynb",
    "04_self_attention.ipynb",
    "05_masks.ipynb",
    "06_positions.ipynb",
    "07_many_heads.ipynb",
}


def test_the_notebooks_are_there() -> None:
    assert {path.name for path in NOTEBOOKS} >= REQUIRED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Law, path: Path) -> None:
    assert list(law(Page.read(path))) == []


def test_the_map_of_the_series_is_the_same_everywhere() -> None:
    """Name, link and minutes of every notebook: in 00 and in the README."""
    pages = [Page.read(path) for path in NOTEBOOKS]
    taken = {page.path.name: laws.core_minutes(page) + laws.exercise_minutes(page) for page in pages}
    readme = (NOTEBOOKS[0].parents[1] / "README.md").read_text(encoding="utf-8")
    start = "\n".join(cell.source for cell in pages[0].prose)
    rows = re.findall(r"(?m)^\| \d\d \| \[.*\]\(notebooks/(\S+)\) \|.*\| (\d+) \|$", readme)
    assert {name: int(minutes) for name, minutes in rows} == taken
    rows = re.findall(r"(?m)^\|.*\| (?:\[.*\]\((\S+)\)|00 start here) \| (?:about )?(\d+) min \|$", start)
    assert {name or NOTEBOOKS[0].name: int(minutes) for name, minutes in rows} == taken


def test_there_are_few_long_tables() -> None:
    tables = [place for path in NOTEBOOKS for place in Page.read(path).tagged("table")]
    assert len(tables) <= laws.TABLES


def test_the_running_example_is_the_same_everywhere() -> None:
    found = {cell for path in NOTEBOOKS for cell in laws.running_examples(Page.read(path))}
    assert len(found) <= 1, "\n---\n".join(sorted(found))


# A notebook that keeps every law, and what breaks each of them

OPENING = """# 01 · Title
Which is it? You will be able to tell.

**Time:** about 5 min, and 10 more for the exercises. **Needs:** nothing.
[back](00_a.ipynb) · [on](02_c.ipynb)"""
EXERCISE = "**Exercise 1: double** (●○○, 5 min)\nWrite it."
STUB = "def double(x):\n    return ...  # your code\n\n\ndouble = check_double(double)"
SOLUTION = """<details><summary>Hint 1</summary>Add.</details>
<details><summary>Hint 2</summary>Add x.</details>
<details><summary>Solution</summary>

```python
def double(x):
    return x + x
```
</details>"""
EXPLANATION = "A small temperature gives all weight to the largest score."
(FIRST, PREDICT, PANEL, PROBE, EXPLAIN, TASK, TRY, SOLVED, TASK_2, TRY_2, SOLVED_2, STRIP) = range(12)
(RECAP, CHECK, LAST) = range(12, 15)


def stream(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def tag(cell, *names: str):
    cell.metadata["tags"] = list(names)
    return cell


def good() -> Page:
    data = {"text/plain": "a map of 3 by 3", "image/png": "aGVsbG8="}
    shown = new_output("display_data", data=data, metadata={"attnlab": {"panel": "look", "tour": 3}})
    panel = "@explore(t=Slider(0.1, 5.0))\ndef look(t):\n    return Bars(t)"
    cells = [
        new_markdown_cell(OPENING),
        new_markdown_cell("## 1 Heat\n\n**Predict:** what happens when t is small?"),
        tag(new_code_cell(panel, execution_count=1, outputs=[shown]), "panel"),
        tag(new_code_cell("look.set(t=0.1)", execution_count=2, outputs=[stream("sharp\n")]), "probe"),
        new_markdown_cell(EXPLANATION),
        new_markdown_cell(EXERCISE),
        tag(new_code_cell(STUB, execution_count=3, outputs=[stream("TODO  double\n")]), "exercise"),
        tag(new_markdown_cell(SOLUTION), "solution"),
        new_markdown_cell(EXERCISE.replace("Exercise 1", "Exercise 2")),
        tag(new_code_cell(STUB, execution_count=4, outputs=[stream("TODO  double\n")]), "exercise"),
        tag(new_markdown_cell(SOLUTION), "solution"),
        new_code_cell("look.filmstrip(t=[0.1, 1])", execution_count=5, outputs=[stream("sharp and soft\n")]),
        new_markdown_cell("## Recap\nOne is one. Two is $2.0$ or so. Three is more."),
        new_markdown_cell(
            "## Check yourself\nTransfer: why? <details><summary>Answer</summary>So.</details>"
        ),
        new_markdown_cell(
            "## Sources\n[a page](https://example.org)\n\n[back](00_a.ipynb) · [on](02_c.ipynb)",
        ),
    ]
    series = ("00_a.ipynb", "01_b.ipynb", "02_c.ipynb")
    return Page(Path("nowhere/01_b.ipynb"), new_notebook(cells=cells), 1000, series)


Break = Callable[[Page], Page | None]


def named(name: str) -> Break:
    return lambda page: Page(Path(name), page.notebook, page.size, (name,))


def sized(size: int) -> Break:
    return lambda page: Page(page.path, page.notebook, size, page.series)


def source(place: int, text: str) -> Break:
    return lambda page: page.cells[place].update(source=text)


def sources(changed: dict[int, str]) -> Break:
    return lambda page: [page.cells[place].update(source=text) for place, text in changed.items()] and None


def replace(place: int, old: str, new: str) -> Break:
    return lambda page: page.cells[place].update(source=page.cells[place].source.replace(old, new))


def tagged(place: int, *names: str) -> Break:
    return lambda page: tag(page.cells[place], *names) and None


def printed(text: str, name: str = "stdout") -> Break:
    return lambda page: page.cells[PROBE].update(outputs=[stream(text, name)])


def added(text: str, count: int = 1) -> Break:
    return lambda page: page.cells.extend(new_code_cell(text) for _ in range(count))


def data(**changes: str | None) -> Break:
    """Changes of the panel's data: PNG is image/png, TEXT is text/plain, VIEW is the widget view."""
    mimes = {"PNG": "image/png", "TEXT": "text/plain", "VIEW": WIDGET_VIEW}
    new = {mimes[key]: value for key, value in changes.items()}

    def change(page: Page) -> None:
        page.cells[PANEL].outputs[0].data.update(new)

    return change


def outputs(place: int, *new) -> Break:
    return lambda page: page.cells[place].update(outputs=list(new))


def without(place: int) -> Break:
    return lambda page: page.cells.pop(place) and None


BROKEN: dict[Law, list[Break]] = {
    laws.the_file_name_has_a_number_and_words: [named("1_b.ipynb"), named("01_B.ipynb"), named("01 b.ipynb")],
    laws.execution_counts_run_from_one: [
        lambda page: page.cells[PROBE].update(execution_count=None),
        lambda page: page.cells[PROBE].update(execution_count=7),
    ],
    laws.cells_have_ids_of_their_own: [
        lambda page: page.cells[1].update(id=page.cells[0].id),
        lambda page: page.cells[1].pop("id") and None,
    ],
    laws.no_widget_is_saved: [
        lambda page: page.notebook.metadata.update(widgets={}),
        data(VIEW="{}"),
    ],
    laws.it_is_small: [sized(400_000), data(PNG="a" * 80_001)],
    laws.it_is_short: [added("x = 1", 30), added("x = 1\n" * 15 + "y", 1), added("x = 1\n" * 14, 11)],
    laws.no_cell_is_empty_and_tags_are_known: [
        source(EXPLAIN, " \n"),
        tagged(PROBE, "probe", "skip"),
        lambda page: page.cells[EXPLAIN].update(cell_type="raw"),
    ],
    laws.the_opening_says_what_and_for_whom: [
        replace(FIRST, "# 01", "# 02"),
        replace(FIRST, "?", "."),
        replace(FIRST, "able to", "can"),
        without(FIRST),
    ],
    laws.headings_have_one_form: [
        replace(PREDICT, "## 1 Heat", "## Heat"),
        replace(PREDICT, "## 1 Heat", "## 2 Heat"),
        replace(EXPLAIN, "A small", "## 1 Cold\nA small"),
        replace(RECAP, "## Recap", "## 2 Recap"),
    ],
    laws.the_minutes_are_the_sum_of_the_parts: [
        replace(FIRST, "5 min", "10 min"),
        replace(FIRST, "10 more", "11 more"),
        replace(FIRST, "**Time:** about", "**Time** about"),
        replace(TASK_2, "5 min", "6 min"),
        source(EXPLAIN, "word " * 6000),
        without(FIRST),
    ],
    laws.top_and_bottom_link_to_the_neighbours: [
        replace(FIRST, "00_a", "00_b"),
        replace(FIRST, "02_c", "03_d"),
        replace(LAST, "02_c", "03_d"),
        without(LAST),
    ],
    laws.links_to_files_lead_somewhere: [
        replace(EXPLAIN, "small", "[small](09_z.ipynb)"),
        replace(EXPLAIN, "small", "[small](../none.md)"),
    ],
    laws.the_closing_recaps_asks_and_names_sources: [
        without(RECAP),
        replace(RECAP, "One is one.", ""),
        replace(RECAP, "more.", "more. Four!"),
        replace(CHECK, "<details>", ""),
        replace(LAST, "Sources", "Links"),
    ],
    laws.web_links_stand_with_the_sources: [
        replace(EXPLAIN, "small", "[small](https://example.org/small)"),
        replace(EXPLAIN, "small", "https://example.org"),
    ],
    laws.nothing_is_fetched_from_the_web: [
        source(EXPLAIN, "<script>1</script>"),
        source(EXPLAIN, "![it](https://example.org/it.png)"),
        source(EXPLAIN, "<img alt='it' src='https://example.org/it.png'>"),
        printed("<iframe src='x'>"),
    ],
    laws.pictures_have_words: [
        source(EXPLAIN, "![](it.png)"),
        source(EXPLAIN, "<img src='it.png'>"),
        data(TEXT="<Figure size 640x480 with 1 Axes>"),
    ],
    laws.code_is_plain_python: [
        source(PROBE, "%pip install x"),
        source(PROBE, "!ls"),
        source(PROBE, "%matplotlib inline"),
    ],
    laws.nbval_is_not_told_to_look_away: [
        replace(PROBE, "look", "# NBVAL_IGNORE_OUTPUT\nlook"),
        tagged(PROBE, "nbval-skip"),
        tagged(PROBE, "raises-exception"),
    ],
    laws.chance_is_seeded_and_local: [
        source(PROBE, "np.random.seed(0)"),
        source(PROBE, "x = np.random.randn(3)"),
        source(PROBE, "rng = np.random.default_rng()"),
        source(PROBE, "torch.manual_seed(0)"),
    ],
    laws.no_cell_fails_or_warns: [
        outputs(PROBE, new_output("error", ename="E", evalue="", traceback=[])),
        printed("UserWarning: old", "stderr"),
    ],
    laws.outputs_are_the_same_on_every_machine: [
        printed("<object at 0x7f00aa>"),
        *(printed(f"in /{top}/ada/x.py") for top in ("home", "Users", "root", "tmp", "usr", "work", "var")),
        printed(r"in C:\Users\ada"),
        printed("torch 2.13.0"),
        printed("Python 3.11"),
        printed("took 3.2 ms"),
        printed("at 12:30:59"),
        data(TEXT="<Axes at 0x7f00aa>"),
    ],
    laws.panels_are_tagged_and_saved_as_pictures: [
        tagged(PANEL),
        source(PANEL, "x = 1"),
        outputs(PANEL, stream("a map")),
        lambda page: page.cells[PANEL].outputs[0].metadata.attnlab.pop("tour") and None,
    ],
    laws.predict_move_explain: [
        source(PREDICT, "Here is a panel."),
        without(PREDICT),
        without(EXPLAIN),
        source(EXPLAIN, "Predict: what happens to the largest weight when t is large?"),
    ],
    laws.a_cell_drives_a_panel_for_the_learner: [
        source(PROBE, "look.set(t=0.1), look.tour()"),
        source(PROBE, "1 + 1"),
        tagged(PROBE),
        outputs(PROBE),
    ],
    laws.no_cell_needs_a_probe: [
        sources({PROBE: "cold = look.set(t=0.1)", STRIP: "look.filmstrip(t=[cold])"})
    ],
    laws.a_panel_keeps_its_names: [
        sources({PANEL: "@explore(t=Slider(0, 1))\ndef look(t):\n    return Bars(t * x)", STRIP: "x = 3"}),
        sources(
            {PANEL: "@explore(t=Slider(0, 1))\ndef look(t):\n    return f(t)", STRIP: "def f(t): return t"}
        ),
    ],
    laws.what_is_printed_is_short: [
        printed("x\n" * 13),
        printed("x" * 901),
        lambda page: page.cells[PROBE].update(outputs=[stream("x\n" * 7), stream("y\n" * 7)]),
        tagged(PROBE, "probe", "table"),
    ],
    laws.exercises_are_whole: [
        replace(TRY, "double = check_double(double)", "check_double(double)"),
        replace(TRY, "= check_double(double)", "= check_double(triple)"),
        replace(TRY, "def double", "def treble"),
        outputs(TRY, stream("PASS  double\n")),
        replace(TASK, "Exercise 1", "Exercise 2"),
        replace(TASK, "●○○", ""),
        replace(TASK, ", 5 min", ""),
        replace(TASK, "(●○○, 5 min)", "●○○ 5 min"),
        replace(TASK, "\nWrite", " Write"),
        tagged(SOLVED),
        without(SOLVED),
        replace(SOLVED, "Hint 2", "Hint"),
        replace(SOLVED, "</details>\n<details>", "<details>"),
        replace(SOLVED, "def double", "def triple"),
        replace(SOLVED, "```python", "```"),
        tagged(TRY),
    ],
    laws.it_has_two_to_four_exercises_and_a_transfer_question: [
        tagged(TRY_2),
        lambda page: [tag(cell, "exercise") for cell in page.cells[:3]] and None,
        replace(CHECK, "Transfer: why?", "Why?"),
    ],
    laws.small_multiples_tell_it_without_a_kernel: [outputs(STRIP), without(STRIP)],
}
CASES = [(law, number, change) for law, changes in BROKEN.items() for number, change in enumerate(changes)]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_good_notebook_keeps_the_law(law: Law) -> None:
    assert list(law(good())) == []


@pytest.mark.parametrize(("law", "number", "change"), CASES, ids=lambda part: getattr(part, "__name__", None))
def test_the_law_finds_what_breaks_it(law: Law, number: int, change: Break) -> None:
    page = good()
    broken = change(page) or page
    assert list(law(broken)) != []


def test_every_law_has_a_notebook_that_breaks_it() -> None:
    assert set(BROKEN) == set(LAWS)


def test_a_long_table_is_allowed_where_it_is_tagged() -> None:
    page = good()
    page.cells[PROBE].update(outputs=[stream("x\n" * 13)])
    tag(page.cells[PROBE], "probe", "table")
    assert list(laws.what_is_printed_is_short(page)) == []


def test_running_examples_are_found() -> None:
    page = copy.deepcopy(good())
    page.cells[PROBE].source = 'tokens = "The cat drank milk because it was thirsty".split()'
    assert laws.running_examples(page) == [page.cells[PROBE].source]
