"""Two pictures are alike, or the words say what differs and where; both land in files."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnlab.nbval.pictures import (
    Picture,
    block_means,
    picture_faults,
    pictures_of,
    remove_pairs,
    write_pair,
)
from tests.nbval_plugin.making import picture

GREY = np.full((200, 300, 3), 100.0)
SIZE = (200, 300)


def png(pixels: np.ndarray) -> Picture:
    return Picture(base64.b64decode(picture(pixels, pixels.shape[:2])), ".png")


def words(new: np.ndarray, saved: np.ndarray, limit: float = 6) -> list[str]:
    return [fault.words for fault in picture_faults([png(new)], [png(saved)], limit)]


def changed(rows: slice, columns: slice, by: float) -> np.ndarray:
    pixels = GREY.copy()
    pixels[rows, columns] += by
    return pixels


def test_noise_passes() -> None:
    noise = np.random.default_rng(0).integers(-15, 16, GREY.shape)
    assert words(GREY + noise, GREY) == []


def test_a_changed_block_fails_and_the_words_say_where() -> None:
    new = changed(slice(64, 96), slice(32, 64), by=8)
    assert words(new, GREY) == [
        "picture 1 differs by 8.0 of 255, most in the middle left, around x 48 y 80 (limit 6)"
    ]
    assert words(new, GREY, limit=8) == []
    assert words(changed(slice(64, 96), slice(32, 64), by=5), GREY, limit=4.5) == [
        "picture 1 differs by 5.0 of 255, most in the middle left, around x 48 y 80 (limit 4.5)"
    ]


@pytest.mark.parametrize(
    ("row", "column", "place"),
    [
        (0, 0, "upper left, around x 16 y 16"),
        (0, 4, "upper middle, around x 144 y 16"),
        (1, 9, "upper right, around x 304 y 48"),
        (3, 4, "middle, around x 144 y 112"),
        (6, 0, "lower left, around x 16 y 208"),
        (6, 9, "lower right, around x 304 y 208"),
    ],
)
def test_each_part_of_a_picture_has_a_name(row: int, column: int, place: str) -> None:
    """A block that the edge cuts short counts as much as a whole one."""
    new = changed(slice(row * 32, row * 32 + 32), slice(column * 32, column * 32 + 32), by=50)
    assert f"most in the {place} (" in words(new, GREY)[0]


def test_a_picture_that_differs_everywhere_has_no_place() -> None:
    assert words(GREY + 20, GREY) == ["picture 1 differs by 20.0 of 255, all over (limit 6)"]


def test_another_size_says_both() -> None:
    [said] = words(GREY[:100], GREY)
    assert said == "picture 1 is 300×200 pixels in the notebook, 300×100 when it runs"


def test_a_few_pixels_of_border_are_no_other_size() -> None:
    assert words(GREY[:-1, :-2], GREY) == []


@pytest.mark.parametrize(
    ("new", "saved", "said"),
    [
        (0, 1, "1 picture in the notebook, none when it runs"),
        (2, 1, "1 picture in the notebook, 2 when it runs"),
        (1, 0, "no pictures in the notebook, 1 when it runs"),
        (2, 3, "3 pictures in the notebook, 2 when it runs"),
    ],
)
def test_missing_and_additional_pictures_are_counted(new: int, saved: int, said: str) -> None:
    faults = list(picture_faults([png(GREY)] * new, [png(GREY)] * saved))
    assert [(fault.words, fault.number) for fault in faults] == [(said, None)]


def test_every_picture_of_a_cell_is_compared() -> None:
    new, saved = [png(GREY + by) for by in (0, 20, 0, 30)], [png(GREY)] * 4
    assert [fault.number for fault in picture_faults(new, saved)] == [2, 4]


def test_transparent_counts_as_white() -> None:
    clear, white = Image.new("RGBA", (40, 40), (0, 0, 0, 0)), Image.new("RGBA", (40, 40), "white")
    assert np.array_equal(block_means(clear), block_means(white))


def test_what_is_no_picture_is_said() -> None:
    broken = Picture(b"hello", ".png")
    assert list(picture_faults([broken], [broken])) == []
    [fault] = picture_faults([png(GREY)], [broken])
    assert fault.words == "picture 1 differs, and one of the two cannot be read"


def test_png_and_jpeg_are_found_in_their_order() -> None:
    data = [{"image/jpeg": picture(0, kind="jpeg")}, {"text/plain": "x"}, {"image/png": picture(0)}]
    outputs = [{"output_type": "display_data", "data": each} for each in data]
    outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": "x"})
    assert [found.suffix for found in pictures_of(outputs)] == [".jpg", ".png"]


def test_both_pictures_are_written_and_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    new, saved = Picture(b"new", ".jpg"), Picture(b"saved", ".png")
    write_pair(folder, "a[1]-cell1-picture1", new, saved)
    write_pair(folder, "a[1]-cell11-picture2", new, saved)
    assert {path.name: path.read_bytes() for path in folder.glob("*cell1-*")} == {
        "a[1]-cell1-picture1-saved.png": b"saved",
        "a[1]-cell1-picture1-new.jpg": b"new",
    }
    remove_pairs(folder, "a[1]-cell1")
    names = ["a[1]-cell11-picture2-new.jpg", "a[1]-cell11-picture2-saved.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    remove_pairs(tmp_path / "missing", "a")
