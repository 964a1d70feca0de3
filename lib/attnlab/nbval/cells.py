"""Notebooks and their cells as pytest runs them: nbval's, with everything compared and clear words."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import nbval.plugin
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from .kernel import KernelDiedError, StrictKernel, kernel_environment
from .pictures import picture_faults, pictures_of, remove_pairs, write_pair
from .settings import SETTINGS, SKIP
from .tours import saved_without_tour, tour_faults
from .words import plain, word_faults, words_of

DIFFER = "Cell outputs differ"  # nbval's words
RAISED = "Cell execution caused an exception"
AFTERWARDS = ("clear_output", "update_display_data")  # messages that change outputs
NOT_FOLLOWED = (
    "    the cell changes its outputs afterwards, which nbval does not follow: tag it nbval-ignore-output"
)


class StrictCell(IPyNbCell):
    """nbval's cell, with its count, its pictures and the tours of its panels checked."""

    def __init__(self, *args: Any, count: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings = self.config.stash[SETTINGS]
        self.output_timeout = self.settings.output_timeout
        self.count, self.saved_count = count, self.cell.execution_count

    def runtest(self) -> None:
        remove_pairs(*self._pictures)
        self.parent.messages.clear()
        if not self.options["skip"] and not self.parent.kernel.is_alive():
            raise NbCellError(self.cell_num, "the kernel died in a cell above", source="")
        if self.count is not None:
            self.cell.execution_count = self.count  # nbval compares nothing where it is missing
        try:
            super().runtest()
        except KernelDiedError:
            raise NbCellError(self.cell_num, "the kernel died", self.cell.source) from None

    def compare_outputs(self, test: list, ref: list, skip_compare: tuple | None = None) -> bool:
        """Called by nbval with the new outputs and the saved ones, if the outputs are to be compared."""
        if self.saved_count != self.count:
            is_now, should = (count or "missing" for count in (self.saved_count, self.count))
            self._refuse(f"execution count is {is_now}, but should be {should}")
        if name := saved_without_tour(test, ref):
            self._refuse(f"panel {name} was saved without its tour")
        skip = skip_compare or self.parent.skip_compare
        faults = tour_faults(test, ref, self.sanitize)
        if faults:
            skip = (*skip, "text/plain")
        new, saved = (words_of(outputs, self.sanitize, skip) for outputs in (test, ref))
        self.comparison_traceback = [*faults, *word_faults(new, saved)]
        if self.comparison_traceback and not self.parent.messages.isdisjoint(AFTERWARDS):
            self.comparison_traceback.append(NOT_FOLLOWED)
        self._compare_pictures(test, ref)
        return not self.comparison_traceback

    def _refuse(self, said: str) -> NoReturn:
        """Fail with one line, for what only a run from top to bottom can mend."""
        command = self.settings.refresh(_shown(self.path, self.config))
        raise NbCellError(self.cell_num, f"{said}: run {command}", source="")

    @property
    def _pictures(self) -> tuple[Path, str]:
        """The folder of the pictures that differ, and what their names begin with."""
        root = self.config.rootpath
        inside = self.path.parent.relative_to(root) if self.path.is_relative_to(root) else ""
        return self.settings.pictures / inside, f"{self.path.stem}-cell{self.cell_num}"

    def _compare_pictures(self, test: list, ref: list) -> None:
        folder, name = self._pictures
        new, saved = pictures_of(test), pictures_of(ref)
        for words, number in picture_faults(new, saved, self.settings.block_difference):
            if number is None:  # what words differ then follows from it
                self.comparison_traceback.insert(0, words)
            else:
                pair = new[number - 1], saved[number - 1]
                try:
                    paths = write_pair(folder, f"{name}-picture{number}", *pair)
                except OSError as error:
                    self.comparison_traceback.append(f"{words}\n    the pictures cannot be written: {error}")
                    continue
                then, now = (_shown(path, self.config) for path in paths)
                self.comparison_traceback.append(f"{words}\n    saved: {then}\n    new:   {now}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> Any:
        """What pytest prints, without colours: what is wrong first, then the cell, then the traceback."""
        error = excinfo.value
        if not isinstance(error, NbCellError):
            return super().repr_failure(excinfo)
        said, inner = str(error), plain(error.inner_traceback or "").strip("\n")
        if said == DIFFER:
            said, inner = inner, ""
        elif said == RAISED and inner:
            said = inner.splitlines()[-1]
        number = f"Cell {self.cell_num}" + (f", In [{self.count}]" if self.count else "")
        parts = [f"{number}: {said}", f"Input:\n{error.source}" if error.source else "", inner]
        told = pytest.fail.Exception("\n\n".join(filter(None, parts)) + "\n", pytrace=False)
        report = pytest.ExceptionInfo.from_exception(told.with_traceback(error.__traceback__))
        shown = report.getrepr(style="value")
        if shown.reprcrash:
            shown.reprcrash.message = said.splitlines()[0]  # the line of the summary
        return shown


class StrictFile(IPyNbFile):
    """nbval's notebook, made of strict cells, in a strict kernel. `messages`: kinds since the cell began."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: set[str] = set()

    def get_kernel_message(self, timeout: float | None = None, stream: str = "iopub") -> Any:
        message = super().get_kernel_message(timeout, stream)
        self.messages.add(message["msg_type"])
        return message

    def collect(self) -> Iterator[StrictCell]:
        count = 0
        for cell in super().collect():
            empty = not cell.cell.source.strip()
            runs = not empty and SKIP not in cell.cell.metadata.get("tags", [])
            count += runs
            given = {name: getattr(cell, name) for name in ("name", "cell_num", "cell", "options")}
            yield StrictCell.from_parent(self, count=count if runs else None, **given)

    def setup(self) -> None:
        settings = self.config.stash[SETTINGS]
        environment = kernel_environment(settings.threads, settings.hash_seed)
        with pytest.MonkeyPatch.context() as patch:
            start = functools.partial(StrictKernel, environment=environment)
            patch.setattr(nbval.plugin, "RunningKernel", start)
            super().setup()


def strict(collector: pytest.Collector) -> pytest.Collector:
    """A strict notebook instead of nbval's; any other collector as it is."""
    if type(collector) is not IPyNbFile:
        return collector
    return StrictFile.from_parent(collector.parent, path=collector.path)


def _shown(path: Path, config: pytest.Config) -> str:
    """A path as one would type it where pytest was started."""
    here = config.invocation_params.dir
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
