"""The words below a picture: for several views, what a person would say in two lines; and all of it."""

from collections.abc import Sequence

from attnlab.views.phrases import LINE, cut, sentences, width
from attnlab.views.protocol import Drawable
from attnlab.views.text import Note

LINES = 2 * LINE - 120  # of two lines, less what the first may lose where it breaks
TITLE = 320
BETWEEN = " · "


def caption(views: Sequence[Drawable], before: Sequence[Drawable] = ()) -> str:
    """What a person would say about these views, in at most two lines of 840 px.

    A Note replaces everything, cut to as many sentences as fit. Otherwise the views that differ from `before`
    come first, and nothing is said twice; a view with too little room gives its first facts, and one with no
    room gives none.
    """
    if notes := _notes(views):
        return sentences(notes, LINES)
    words, spoken = "", _spoken(views, before)
    for said, title in spoken.items():
        facts = _named(title, said, len(spoken) > 1).split("; ")
        shorter = (words + BETWEEN * bool(words) + "; ".join(facts[:n]) for n in range(len(facts), 0, -1))
        words = next((each for each in shorter if width(each) <= LINES), words or said)
    return cut(words, LINES)


def _spoken(views: Sequence[Drawable], before: Sequence[Drawable]) -> dict[str, str]:
    """Captions and the titles above them, in the order in which they are said."""
    was, titles = before if len(before) == len(views) else views, dict[str, str]()
    for view, _ in sorted(zip(views, was, strict=True), key=lambda pair: pair[0] == pair[1]):
        titles.setdefault(view.caption(), view.title)
    more = {said: (f"{said},", f"{said};") for said in titles if said}
    return {said: titles[said] for said in more if not any(other.startswith(more[said]) for other in titles)}


def account(views: Sequence[Drawable]) -> str:
    """All that there is to say about these views, one below the other."""
    return "\n".join(view.describe() for view in views)


def drawn(views: Sequence[Drawable]) -> tuple[Drawable, ...]:
    """The views in a picture with a caption below it: without notes, if the caption says them whole."""
    pictures = [view for view in views if not isinstance(view, Note)]
    return tuple(pictures if pictures and width(_notes(views)) <= LINES else views)


def _notes(views: Sequence[Drawable]) -> str:
    notes = [view for view in views if isinstance(view, Note)]
    return BETWEEN.join(filter(None, (_named(note.title, note.caption(), len(notes) > 1) for note in notes)))


def _named(title: str, said: str, named: bool) -> str:
    return f"{cut(title, TITLE)}: {said}" if title and said and named else said
