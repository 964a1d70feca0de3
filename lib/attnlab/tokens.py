"""From text to tokens."""

import re


def words(text: str) -> list[str]:
    """The words and punctuation marks of `text`, in order: "It slept." -> ["It", "slept", "."].

    A run of letters, digits and apostrophes is a word; every other visible character is a token of its own.
    """
    return re.findall(r"[\w'’]+|[^\w\s]", text)
