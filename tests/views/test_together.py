"""What several views say together: two lines, those that moved first."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab import Note
from attnlab.views import captions, fonts, phrases
from attnlab.views.protocol import Drawable


@dataclass(frozen=True)
class Said(Drawable):
    """A view of which only the words matter."""

    words: str
    title: str = ""

    def caption(self) -> str:
        return self.words

    def describe(self) -> str:
        return f"{self.title}, in full: {self.words}."


MAP, LOSS, BARS = Said("it → cat 0.58", "weights"), Said("step 40: 1.92", "loss"), Said("0.1, 0.2", "norms")
LONG = Said("a long story " * 9 + "ends", "tale")


def test_one_view_speaks_for_itself_and_several_by_name() -> None:
    assert captions.caption((MAP,)) == "it → cat 0.58"
    assert captions.caption((MAP, LOSS)) == "weights: it → cat 0.58 · loss: step 40: 1.92"
    assert captions.caption((Said("alone"), LOSS)) == "alone · loss: step 40: 1.92", "without a title"
    assert captions.caption((Said(""), Said("alone"))) == "alone", "who says nothing takes no room"


def test_what_two_views_say_is_said_once() -> None:
    lines = Said("it → cat 0.58", "lines")
    assert captions.caption((lines, MAP)) == "it → cat 0.58"
    assert captions.caption((lines, MAP, LOSS)) == "lines: it → cat 0.58 · loss: step 40: 1.92"


def test_what_moved_speaks_first() -> None:
    before = (MAP, Said("step 20: 2.10", "loss"), BARS)
    now = "loss: step 40: 1.92 · weights: it → cat 0.58 · norms: 0.1, 0.2"
    assert captions.caption((MAP, LOSS, BARS), before) == now
    assert captions.caption((MAP, LOSS, BARS), (MAP, LOSS, BARS)).startswith("weights")
    assert captions.caption((MAP, LOSS), (LOSS,)).startswith("weights"), "another number of views: all is new"


def test_who_finds_no_room_is_silent_and_a_shorter_one_is_heard() -> None:
    other = Said(f"{LONG.words} again", "another tale")
    whole = captions.caption((MAP, LONG, other, BARS))
    assert whole.startswith("weights: it") and whole.endswith("· norms: 0.1, 0.2") and "again" not in whole
    moved = captions.caption((MAP, LONG, other, BARS), (MAP, LONG, Said("short", "another tale"), BARS))
    assert moved.startswith("another tale: a long story")


def test_who_finds_too_little_room_says_the_first_facts() -> None:
    last = Said(f"0.1; {'0.2 ' * 40}; 0.3", "norms")
    assert captions.caption((LONG, last)).endswith("ends · norms: 0.1")
    assert captions.caption((last,)).startswith("0.1; 0.2"), "alone it has room for more"


def test_the_account_is_whole() -> None:
    assert captions.account((MAP, LONG)) == f"{MAP.describe()}\n{LONG.describe()}"


def test_a_note_says_all() -> None:
    note = Note("stops at step 90")
    assert captions.caption((MAP, note, LOSS)) == "stops at step 90"
    assert captions.drawn((MAP, note, LOSS)) == (MAP, LOSS), "and is not drawn as well"
    assert captions.drawn((note,)) == (note,), "but a picture is never empty"
    assert captions.drawn((MAP, LOSS)) == (MAP, LOSS)


def test_a_note_that_is_too_long_says_whole_sentences() -> None:
    note = Note("One sentence. " * 12 + "Another one! " * 12)
    said = captions.caption((note,))
    assert note.caption().startswith(said) and said.endswith(("One sentence.", "Another one!"))
    assert phrases.width(said) <= captions.LINES < phrases.width(f"{said} Another one!")
    assert captions.drawn((MAP, note)) == (MAP, note), "and is drawn whole"


def test_a_cut_takes_a_whole_word_away_if_it_is_short() -> None:
    assert phrases.cut("several words in a row", phrases.width("several wor…")) == "several…"
    long = "a" + "b" * 40
    assert phrases.cut(f"say {long}", phrases.width(f"say {long[:30]}…")) == f"say {long[:30]}…"


def test_notes_of_small_multiples_keep_their_names() -> None:
    strip = (Note("flat", "t = 1"), Note("sharp", "t = 9"))
    assert captions.caption(strip) == "t = 1: flat · t = 9: sharp"


def test_a_long_note_is_drawn_and_cut_in_the_caption() -> None:
    note = Note("many words " * 40)
    said = captions.caption((MAP, note))
    assert said.endswith("…") and note.text.startswith(said[:-1])
    assert captions.drawn((MAP, note)) == (MAP, note)


def test_a_title_is_cut_before_it_takes_the_room() -> None:
    said = captions.caption((Said("1", "a title " * 30), LOSS))
    assert said.endswith("…: 1 · loss: step 40: 1.92")


@given(st.text(max_size=900))
def test_any_words_take_two_lines(words: str) -> None:
    short = phrases.cut(words, captions.LINES)
    assert phrases.width(short) <= captions.LINES < 2 * phrases.LINE
    assert "\n" not in short and phrases.cut(short, captions.LINES) == short
    assert short == " ".join(words.split()) or short.endswith("…")


@pytest.mark.parametrize("words", ["猫 " * 80, "猫" * 200, "😀" * 100])
def test_wide_signs_are_counted_as_wide(words: str) -> None:
    assert phrases.width(words.strip()) >= 13 * len(words.strip()) * 0.6
    assert len(phrases.cut(words, captions.LINES)) <= captions.LINES / 13 * 1.7


def test_the_size_is_that_of_the_screen() -> None:
    pixels = phrases.SIZE * fonts.DPI / 72
    assert pixels == pytest.approx(14)
