"""What differs in words: the kind of output, the line, and the place in it."""

from typing import Any

import pytest
from nbformat.v4 import new_output

from attnlab.nbval.words import first_difference, plain, word_faults, words_of


def printed(text: str, name: str = "stdout") -> Any:
    return new_output("stream", name=name, text=text)


def said(new: list, saved: list, skip: tuple[str, ...] = ("output_type", "metadata")) -> list[str]:
    found = [words_of(outputs, lambda value: value, skip) for outputs in (new, saved)]
    return "\n".join(word_faults(*found)).split("\n")


def test_what_is_alike_is_not_mentioned() -> None:
    assert said([printed("1\n")], [printed("1\n")]) == [""]


def test_a_line_is_shown_as_saved_and_as_new() -> None:
    assert said([printed("one\nloss 0.125\nend\n")], [printed("one\nloss 0.123\nend\n")]) == [
        "stdout differs in 1 of 3 lines, first in line 2",
        "    saved: loss 0.123",
        "    new:   loss 0.125",
        "                    ^",
    ]


def test_a_line_break_at_the_end_counts() -> None:
    assert said([printed("1\n")], [printed("1")]) == [
        "stdout differs in 1 of 2 lines, first in line 2",
        "    saved: (nothing)",
        "    new:   ",
    ]


def test_an_output_of_several_is_numbered() -> None:
    outputs = [[new_output("display_data", data={"text/plain": x}) for x in names] for names in ("ab", "ac")]
    assert said(*outputs)[0] == "text/plain 2 of 2 differs"


def test_a_warning_that_is_new_is_shown() -> None:
    new = [printed("1\n"), printed("UserWarning: old\n", "stderr")]
    assert said(new, [printed("1\n")]) == [
        "stderr: none in the notebook, 1 when it runs",
        "    saved: (nothing)",
        "    new:   UserWarning: old",
    ]


def test_an_output_that_is_gone_is_shown() -> None:
    saved = [new_output("execute_result", data={"text/plain": text}, execution_count=1) for text in "ab"]
    assert said(saved[:1], saved, ("output_type", "metadata", "execution_count"))[:2] == [
        "text/plain: 2 in the notebook, 1 when it runs",
        "    saved: b",
    ]


def test_the_first_kind_is_shown_and_the_others_are_named() -> None:
    def table(text: str) -> list:
        data = {"text/html": f"<b>{text}</b>", "text/plain": text, "application/json": {"a": text}}
        return [new_output("display_data", data=data)]

    assert said(table("1"), table("2")) == [
        "text/plain differs",
        "    saved: 2",
        "    new:   1",
        "           ^",
        "    also different: application/json, text/html",
    ]


def test_pictures_are_no_words() -> None:
    outputs = [[new_output("display_data", data={"image/png": x, "image/jpeg": x})] for x in "ab"]
    assert said(*outputs) == [""]


def test_what_is_said_of_errors_is_compared() -> None:
    errors = [[new_output("error", ename="E", evalue=x, traceback=[x])] for x in ("small", "smell")]
    assert said(*errors, ("output_type", "traceback"))[:2] == ["evalue differs", "    saved: smell"]


@pytest.mark.parametrize("column", [0, 59, 61, 150, 499])
def test_a_long_line_is_cut_around_the_first_difference(column: int) -> None:
    saved = "".join(str(place % 10) for place in range(500))
    new = saved[:column] + "x" + saved[column + 1 :]
    then, now, mark = first_difference(saved, new)
    place = mark.index("^")
    assert now[place] == "x" and then[place] == saved[column]
    assert len(now) < 125 and now.endswith("…") == (column < 460)


def test_colours_of_a_terminal_are_dropped() -> None:
    assert plain("\x1b[0;31mNameError\x1b[0m: x") == "NameError: x"
