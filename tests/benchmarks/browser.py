"""From a slider to pixels, in Chromium with a real JupyterLab: ours, interact, ipympl, the bare round trip.

Two servers run side by side, one with our server extension and one without. Every variant has a page of its
own, and all take turns, so that what else the machine does hits all alike.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.tables import progress, table
from tests.benchmarks.variants import VARIANTS, Variant, check_remedy, notebook_of, server
from tests.browser.conftest import FLAGS, TOKEN, browser_path
from tests.browser.lab import NOTEBOOK, Lab

SLOWEST = 10_000  # milliseconds after which a frame counts as lost
QUIET = 100  # milliseconds between a frame and the next key
SWEEP = 0.8  # seconds of a drag from one end of the slider to the other


@dataclass
class Tally:
    """What was seen of one variant."""

    times: list[float] = field(default_factory=list)  # milliseconds from key to pixels
    sizes: list[int] = field(default_factory=list)  # bytes on the wire per key
    largest: list[int] = field(default_factory=list)  # bytes of the largest message: the one with the picture
    lost: int = 0  # the slider's value never appeared
    blank: int = 0  # animation frames without a picture
    wrong: int = 0  # animation frames that showed neither the old nor the new value; in a drag: out of order
    lags: list[float] = field(default_factory=list)  # milliseconds behind the slider, pictures of the drag
    seconds: float = 0.0
    drag_bytes: int = 0


class Stand:
    """A variant in a page of its own."""

    def __init__(self, variant: Variant, lab: Lab, ratio: float) -> None:
        self.variant, self.lab, self.page, self.tally = variant, lab, lab.page, Tally()
        lab.open(notebook_of(variant, ratio))
        lab.run_all()
        self.page.wait_for_selector(variant.picture)
        self.page.locator(variant.slider).first.scroll_into_view_if_needed()
        row = self._ask(variant.row) if variant.row else None
        self.handle = f"{variant.slider} .noUi-handle"
        self.target = {"handle": self.handle, "picture": variant.picture, "row": row}
        self._wait_until_it_agrees()

    def _wait_until_it_agrees(self) -> None:
        self.page.wait_for_function("target => probe.agrees(target)", arg=self.target, timeout=SLOWEST)

    def _ask(self, expression: str) -> Any:
        """The value of an expression in the notebook's kernel."""
        code = {"code": "import json", "user_expressions": {"it": f"json.dumps({expression})"}}
        run = f"{NOTEBOOK}.sessionContext.session.kernel.requestExecute(code).done"
        reply = self.page.evaluate(f"async code => (await {run}).content.user_expressions.it", code)
        assert reply["status"] == "ok", reply
        return json.loads(reply["data"]["text/plain"].strip("'"))

    def press(self, key: str, times: int, warm_up: bool = False) -> None:
        self.page.bring_to_front()
        self.page.locator(self.handle).focus()
        self.page.wait_for_timeout(300)
        for _ in range(times):
            self.page.evaluate("([target, limit]) => probe.arm(target, limit)", [self.target, SLOWEST])
            self.page.keyboard.press(key)
            seen = self.page.evaluate("probe.outcome()")
            self.page.wait_for_timeout(QUIET)
            if not warm_up:
                self._note(seen, self.page.evaluate("probe.traffic()"))

    def _note(self, seen: dict[str, Any], traffic: dict[str, int]) -> None:
        tally = self.tally
        tally.lost += seen["ms"] is None
        tally.times += [seen["ms"]] if seen["ms"] is not None else []
        tally.blank += seen["blank"]
        tally.wrong += seen["wrong"]
        tally.sizes.append(traffic["bytes"])
        tally.largest.append(traffic["largest"])

    def drag(self, seconds: float) -> None:
        """Sweep the slider to and fro with the mouse, about 60 moves a second."""
        page, tally = self.page, self.tally
        page.bring_to_front()
        track = page.locator(f"{self.variant.slider} .noUi-base").bounding_box()
        handle = page.locator(self.handle).bounding_box()
        y = track["y"] + track["height"] / 2
        page.mouse.move(handle["x"] + handle["width"] / 2, y)
        page.evaluate("target => probe.watch(target)", self.target)
        page.mouse.down()
        start = time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            phase = spent / SWEEP % 2
            page.mouse.move(track["x"] + track["width"] * min(phase, 2 - phase), y)
            page.wait_for_timeout(12)
        log, tally.drag_bytes = page.evaluate("[probe.stop(), probe.traffic().bytes]")
        page.mouse.up()
        self._wait_until_it_agrees()
        tally.seconds, tally.blank = spent, tally.blank + sum(value is None for _, value, _ in log)
        tally.lags, wrong = lags(log)
        tally.wrong += wrong


def lags(log: list[tuple[str, int | None, float]]) -> tuple[list[float], int]:
    """For every picture of a drag, how long ago the slider had its value; and the number of wrong pictures.

    Wrong is what cannot be read, and what the slider did not pass since the picture before: a stale one.
    """
    passed: list[tuple[int | None, float]] = []
    found, wrong, at = [], 0, 0
    for kind, value, now in log:
        if kind == "slider":
            passed.append((value, now))
        elif places := [i for i in range(at, len(passed)) if passed[i][0] == value]:
            at = places[0]
            found.append(now - passed[at][1])
        else:
            wrong += value is not None
    return found, wrong


def measure(
    browser: Browser, addresses: dict[bool, str], ratio: int, rounds: int, keys: int, drag: float
) -> dict[str, dict[str, float]]:
    """Every variant at one device pixel ratio: warm-up, rounds of key presses in turn, a drag each."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=ratio)
    context.add_init_script(path=Path(__file__).parent / "probe.js")
    progress(f"ratio {ratio}: open {len(VARIANTS)} notebooks")
    stands = [Stand(each, Lab(context.new_page(), addresses[each.remedy], TOKEN), ratio) for each in VARIANTS]
    for remedy, address in addresses.items():
        check_remedy(address, remedy)
    for stand in stands:
        stand.press("ArrowRight", keys, warm_up=True)
    for turn in range(rounds):
        progress(f"ratio {ratio}: round {turn + 1} of {rounds}")
        for stand in stands:
            stand.press("ArrowLeft" if turn % 2 == 0 else "ArrowRight", keys)
    for stand in stands:
        stand.drag(drag)
    for stand in stands:
        stand.lab.shut_down()
    context.close()
    return {stand.variant.name: summary(stand.tally) for stand in stands}


def summary(tally: Tally) -> dict[str, float]:
    return {
        "p50": median(tally.times),
        "p95": float(np.percentile(tally.times, 95)),
        "lag": median(tally.lags),
        "fps": len(tally.lags) / tally.seconds,
        "bytes": median(tally.sizes),
        "largest": median(tally.largest),
        "drag bytes": tally.drag_bytes / len(tally.lags),
        "blank": tally.blank,
        "wrong": tally.wrong + tally.lost,
        "keys": len(tally.times),
    }


def pixels(quick: bool = False) -> dict[str, Any]:
    """The numbers of every variant, {"ratio 1": {variant: numbers}, "ratio 2": ...}."""
    rounds, keys, drag = (2, 5, 2.0) if quick else (6, 10, 5.0)
    with ExitStack() as stack:
        addresses = {remedy: stack.enter_context(server(remedy)) for remedy in (True, False)}
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=browser_path(), args=FLAGS
        )
        found = {f"ratio {r}": measure(browser, addresses, r, rounds, keys, drag) for r in (1, 2)}
        browser.close()
    return found


NOTE = """\
Key to pixels: from the key press to the animation frame that shows the slider's value, read from the pixels.
Behind the hand: in a drag, how long ago the slider had the value that a new picture shows. Blank and wrong:
animation frames without a picture, and with a value that is neither the old nor the new one. All servers but
that of the last two rows have our remedy (TCP_NODELAY)."""


def show(found: dict[str, Any]) -> str:
    """The numbers as Markdown."""
    head = ["", "key to pixels p50 ms", "p95 ms", "drag: ms behind the hand", "frames/s", "kB per frame",
            "kB of its picture", "blank", "wrong", "keys"]  # fmt: skip
    tables = [
        f"Slider to pixels, device pixel {ratio}\n\n{table(head, [_row(*each) for each in variants.items()])}"
        for ratio, variants in found.items()
    ]
    return "\n\n".join([*tables, NOTE])


def _row(name: str, v: dict[str, float]) -> list[Any]:
    times = [f"{v[each]:.0f}" for each in ("p50", "p95", "lag")]
    sizes = [f"{v[each] / 1000:.1f}" for each in ("bytes", "largest")]
    return [name, *times, f"{v['fps']:.1f}", *sizes, v["blank"], v["wrong"], v["keys"]]
