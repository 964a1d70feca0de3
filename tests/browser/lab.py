"""A real JupyterLab in a real browser, as tests see it: open a notebook, run it, move its panels."""

from __future__ import annotations

import ast
import base64
import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import ConsoleMessage, Locator, Page

# Said by JupyterLab itself for every notebook; not about us.
NOISE = ("favicon", "ResizeObserver loop")
NOTEBOOK = "jupyterapp.shell.currentWidget"
KERNEL = f"{NOTEBOOK}.sessionContext.session.kernel"


class Lab:
    """One browser page with JupyterLab. `errors` collects what the console and the page complain about."""

    def __init__(self, page: Page, address: str, token: str) -> None:
        self.page, self.address, self.token = page, address, token
        self.errors: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        said = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not any(noise in said for noise in NOISE):
            self.errors.append(f"console: {said}")

    def open(self, name: str) -> None:
        """Open a notebook of the copied folder and wait until its kernel is ready."""
        self.page.goto(f"{self.address}/lab/tree/{name}?token={self.token}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        ready = f"window.jupyterapp && {NOTEBOOK}?.sessionContext?.session?.kernel?.status === 'idle'"
        self.page.wait_for_function(ready, timeout=60_000)

    def start_all(self) -> None:
        """Begin to run all cells."""
        self.page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells; returns when the last one is done and the panels are painted."""
        self.page.set_default_timeout(seconds * 1000)
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(f"{NOTEBOOK}.sessionContext.session.kernel.status === 'idle'")
        unpainted = ".attnlab-screen:not([data-sequence])"
        self.page.wait_for_function(f"document.querySelector({unpainted!r}) === null")
        self.page.set_default_timeout(30_000)

    def run_code(self, source: str) -> None:
        """Run a line in the notebook's kernel, as another cell would; its outputs are not shown."""
        run = f"code => {NOTEBOOK}.sessionContext.session.kernel.requestExecute({{code}}).done"
        reply = self.page.evaluate(f"async code => (await ({run})(code)).content", source)
        assert reply["status"] == "ok", reply

    def value_of(self, expression: str) -> str:
        """The repr of an expression in the notebook's kernel."""
        ask = f"{KERNEL}.requestExecute({{code: '', user_expressions: {{it}}}}).done"
        content = self.page.evaluate(f"async it => (await {ask}).content", expression)
        answer = content["user_expressions"]["it"]
        assert answer["status"] == "ok", answer
        return answer["data"]["text/plain"]

    def frame(self, name: str) -> dict[str, Any]:
        """What the kernel last sent to the screen of a panel; its size at scale 1."""
        keys = ("hits", "size", "scale", "background", "number")
        frame = ast.literal_eval(
            self.value_of(f"{{key: {name}.widget.children[-1].frame[key] for key in {keys}}}")
        )
        frame["size"] = [side / frame["scale"] for side in frame["size"]]
        return frame

    def stage_of(self, name: str) -> dict[str, Any]:
        """What the picture of a panel is drawn for, for a stage of one's own: scale, ratio, room."""
        page = f"{name}._surface._stage.page"
        keys = ("scale", "ratio", "width", "height")
        return eval(self.value_of(f"{{key: getattr({page}, key) for key in {keys}}}"), {"inf": math.inf})

    def resize(self, width: int, height: int) -> None:
        """Another size of the browser's window; the file browser is closed."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("jupyterapp.shell.collapseLeft()")
        self.page.wait_for_timeout(500)

    def pane(self) -> float:
        """How high the part of the window is in which the notebook stands."""
        return float(self.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').clientHeight"))

    def start_code(self, source: str) -> None:
        """Run code in the kernel without waiting for it; `window.attnlabRunning` says if it still runs."""
        reply = f"window.attnlabReply = {KERNEL}.requestExecute({{code}}).done"
        ended = "window.attnlabReply.then(() => { window.attnlabRunning = false })"
        self.page.evaluate(f"code => {{ window.attnlabRunning = true; {reply}; {ended}; }}", source)

    def wait_for_code(self) -> None:
        """Wait for what `start_code` began; it must not have failed."""
        reply = self.page.evaluate("async () => (await window.attnlabReply).content")
        assert reply["status"] == "ok", reply

    def save(self) -> None:
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")

    def shut_down(self) -> None:
        """Stop the notebook's kernel, and forget changes that are not saved."""
        self.page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")

    def notebook(self) -> dict[str, Any]:
        """The open notebook with its outputs, in the form of the file."""
        return self.page.evaluate(f"{NOTEBOOK}.context.model.toJSON()")

    def failed_cells(self) -> list[str]:
        """The errors and the warnings among the outputs."""
        outputs = [output for cell in self.notebook()["cells"] for output in cell.get("outputs", [])]
        failed = [f"{each['ename']}: {each['evalue']}" for each in outputs if each["output_type"] == "error"]
        return failed + ["".join(each["text"]) for each in outputs if each.get("name") == "stderr"]

    def panel(self, name: str, shown: int = 0) -> LivePanel:
        """The panel of the function `name`; `shown` counts if it is shown several times."""
        root = self.page.locator(f".attnlab-panel-{name}").nth(shown)
        root.scroll_into_view_if_needed()
        return LivePanel(self.page, root)

    def panels(self) -> list[LivePanel]:
        made = self.page.locator(".attnlab-panel:not(.attnlab-live)").all()
        return [LivePanel(self.page, root) for root in made]

    def training(self) -> LivePanel:
        """The first live view of a training."""
        return LivePanel(self.page, self.page.locator(".attnlab-live").first)


class LivePanel:
    """A panel on the screen: its controls, its picture, its words."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root

    # What is seen

    def height(self) -> float:
        """Of controls, picture and words together."""
        box = self.root.bounding_box()
        assert box, "the panel is not visible"
        return box["height"]

    @property
    def screen(self) -> Locator:
        return self.root.locator(".attnlab-screen")

    @property
    def canvas(self) -> Locator:
        return self.root.locator("canvas")

    def sequence(self) -> int:
        """The number of the frame on the screen; 0 before the first."""
        return int(self.screen.get_attribute("data-sequence") or 0)

    def caption(self) -> str:
        return self.root.locator(".attnlab-caption").inner_text()

    def caption_box(self) -> dict[str, float]:
        box = self.root.locator(".attnlab-caption").bounding_box()
        assert box, "the caption is not visible"
        return {**box}

    def caption_lines(self) -> int:
        """How many lines the caption takes."""
        code = "each => { const range = document.createRange(); range.selectNodeContents(each);"
        code += " return new Set([...range.getClientRects()].map(line => Math.round(line.top))).size }"
        return int(self.root.locator(".attnlab-caption").evaluate(code))

    def account(self) -> str:
        """What is folded below the caption."""
        return self.root.locator(".attnlab-account").text_content() or ""

    def alternative_text(self) -> str:
        return self.root.locator("[role=img]").get_attribute("aria-label") or ""

    def error(self) -> str:
        """The text of the error; "" when none is shown."""
        box = self.root.locator(".attnlab-error")
        return box.inner_text() if box.is_visible() else ""

    def tip(self) -> str:
        """The hover text; "" when none is shown."""
        tip = self.root.locator(".attnlab-tip")
        return tip.inner_text() if tip.is_visible() else ""

    def pixels(self) -> np.ndarray:
        """The picture on the screen: [row, column, rgba], 0 to 255."""
        address = self.canvas.evaluate("canvas => canvas.toDataURL('image/png')")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA"))

    @contextmanager
    def new_frame(self, seconds: float = 10) -> Iterator[None]:
        """What is done inside must paint a new frame; afterwards the picture is at rest."""
        before = self.sequence()
        yield
        self.wait_for_new_frame(before, seconds)

    def wait_for_new_frame(self, before: int, seconds: float = 10) -> int:
        """Wait for a frame after number `before`, and until no more come; the number of the last one."""
        self.screen.wait_for()
        newer = "([figure, before]) => Number(figure.dataset.sequence ?? 0) > before"
        self.page.wait_for_function(newer, arg=[self.screen.element_handle(), before], timeout=seconds * 1000)
        return self.settle()

    def moved_on(self, before: int, seconds: float = 10) -> bool:
        """Whether a frame after number `before` comes; waits until no more come."""
        deadline = time.monotonic() + seconds
        while self.sequence() <= before and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        return self.settle() > before

    def wait_for_a_frame(self, after: int = 0, seconds: float = 20) -> int:
        """Wait for a frame after number `after` of a picture that does not rest; its number."""
        newer = "([figure, after]) => Number(figure.dataset.sequence ?? 0) > after"
        self.page.wait_for_function(newer, arg=[self.screen.element_handle(), after], timeout=seconds * 1000)
        return self.sequence()

    def settle(self, quiet: float = 0.3) -> int:
        """Wait until no frame came for `quiet` seconds; the number of the last one."""
        last = -1
        while last != (now := self.sequence()):
            last = now
            self.page.wait_for_timeout(quiet * 1000)
        return last

    # Controls

    def control(self, name: str) -> Locator:
        return self.root.locator(f".attnlab-control-{name}")

    def value(self, name: str) -> str:
        """What the control shows: number, option or text, "true" and "false"; "101" for switches."""
        box = self.control(name)
        if (readout := box.locator(".widget-readout")).count():
            return readout.inner_text()
        ticks = [tick.is_checked() for tick in box.locator("input[type=checkbox]").all()]
        if box.get_attribute("role") == "group":
            return "".join(str(int(tick)) for tick in ticks)
        if ticks:
            return str(ticks[0]).lower()
        if (choice := box.locator("select")).count():
            return choice.evaluate("select => select.options[select.selectedIndex].text")
        return box.locator("input").input_value()

    def move(self, name: str, to: float) -> None:
        """Drag a slider with the mouse: `to` is 0 for its left end and 1 for its right end."""
        self.control(name).scroll_into_view_if_needed()  # the mouse reaches only what is on the screen
        handle = self.control(name).locator(".noUi-handle").bounding_box()
        track = self.control(name).locator(".noUi-base").bounding_box()
        assert handle and track, f"the slider {name} is not visible"
        y = track["y"] + track["height"] / 2
        self.page.mouse.move(handle["x"] + handle["width"] / 2, y)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + track["width"] * to, y, steps=5)
        self.page.mouse.up()

    def tap(self, name: str, at: float) -> None:
        """Click on the track of a slider, at 0 (left end) to 1 (right end)."""
        self.control(name).scroll_into_view_if_needed()
        track = self.control(name).locator(".noUi-base").bounding_box()
        assert track, f"the slider {name} is not visible"
        self.page.mouse.click(track["x"] + track["width"] * at, track["y"] + track["height"] / 2)

    def type_number(self, name: str, text: str) -> None:
        """Click on the number beside a slider, type another and press Enter."""
        readout = self.control(name).locator(".widget-readout")
        readout.click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def press(self, name: str, *keys: str, which: int = 0) -> None:
        """Give the control (of switches: that one) the keyboard, and press keys: press("step", "Home")."""
        box = self.control(name)
        box.locator(".noUi-handle, input, select, button").nth(which).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str, which: int = 0) -> None:
        """Click a check box (of switches: that one), or a button of a control."""
        self.control(name).locator("input[type=checkbox], button").nth(which).click()

    def choose(self, name: str, label: str) -> None:
        self.control(name).locator("select").select_option(label=label)

    def write(self, name: str, text: str) -> None:
        """Type a text into a control in place of the one that stands there, and press Enter."""
        field = self.control(name).locator("input")
        field.fill(text)
        field.press("Enter")

    def button(self, label: str) -> Locator:
        """A button of the panel by its label: a preset, Reset, Play, Next."""
        return self.root.get_by_role("button", name=label, exact=True)

    def player(self, name: str, label: str) -> Locator:
        """A button below a step slider: a panel may have several of them."""
        return self.control(name).locator("xpath=..").get_by_role("button", name=label, exact=True)

    # The picture

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A place in the picture on the page; (0, 0) is its upper left corner and (1, 1) its lower right."""
        box = self.canvas.bounding_box()
        assert box, "the picture is not visible"
        return box["x"] + box["width"] * x, box["y"] + box["height"] * y

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.point(x, y))

    def click_picture(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.point(x, y))

    def press_picture(self, *keys: str) -> None:
        """Give the picture the keyboard, and press keys."""
        self.root.locator("[role=img]").focus()
        for key in keys:
            self.page.keyboard.press(key)
