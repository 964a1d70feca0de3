"""All benchmarks in one run, as Markdown for the README.

    python -m tests.benchmarks                    everything: about twelve minutes
    python -m tests.benchmarks cpu start          only these
    python -m tests.benchmarks --quick            few repeats, to see that it works

Chromium and Linux are needed. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks import browser, kernels, panels, published, tokens, trainings
from tests.benchmarks.tables import table

PARTS: dict[str, tuple[Callable[[bool], Any], Callable[[Any], str]]] = {
    "pixels": (browser.pixels, browser.show),
    "cpu": (kernels.cpu, kernels.show_cpu),
    "start": (kernels.start, kernels.show_start),
    "notebooks": (kernels.notebooks, kernels.show_notebooks),
    "panels": (panels.measure, panels.show),
    "moves": (kernels.moves, kernels.show_moves),
    "tokens": (tokens.measure, tokens.show),
    "training": (trainings.measure, trainings.show),
    "published": (published.measure, published.show),
}
Row = tuple[str, str, str]  # what, target, measured


def pixel_targets(found: dict[str, Any]) -> list[Row]:
    rows = [(ratio, row) for ratio, variants in found.items() for row in _pixel_targets(variants)]
    return [(f"{what}, {ratio}", target, measured) for ratio, (what, target, measured) in rows]


def _pixel_targets(v: dict[str, Any]) -> list[Row]:
    panel, bare, plain = v["panel"], v["bare round trip"], v["bare round trip, no remedy"]
    most, lag = 1.3 * bare["p50"] + 10, plain["lag"] * 50 / 62
    faster = {name: v[name]["p50"] / panel["p50"] for name in ("interact", "ipympl")}
    return [
        ("key to pixels", f"1.3 × bare round trip + 10 ms = {most:.0f} ms", f"{panel['p50']:.0f} ms"),
        ("key to pixels, faster than interact", "at least 6 times", f"{faster['interact']:.1f}"),
        ("key to pixels, faster than ipympl", "at least 3 times", f"{faster['ipympl']:.1f}"),
        ("drag, behind the hand", f"50/62 of bare without remedy = {lag:.0f} ms", f"{panel['lag']:.0f} ms"),
        ("on the wire per frame", "at most 30 kB", f"{panel['bytes'] / 1000:.1f} kB"),
        ("frames blank or of another value", "0", f"{panel['wrong'] + panel['blank']:.0f}"),
    ]


def cpu_targets(found: dict[str, Any]) -> list[Row]:
    rows = []
    for (ratio, v), most in zip(found.items(), (15, 45), strict=True):
        total, slowest = v["panel"]["total"], max((n for n in v if "panel" in n), key=lambda n: v[n]["total"])
        charts = v["panel: three charts, 1,240 pixels"]["total"]
        worst = f"{v[slowest]['total']:.1f} ms ({slowest})"
        rows += [
            (f"CPU per move of the 12 by 12 map, {ratio}", f"at most {most} ms", f"{total:.1f} ms"),
            (
                f"CPU per move of three charts in 1,240 pixels, {ratio}",
                f"at most {most} ms",
                f"{charts:.1f} ms",
            ),
            (f"CPU per move of the slowest panel, {ratio}", f"at most {most} ms", worst),
            (
                f"less CPU than interact, {ratio}",
                "at least 30 times",
                f"{v['interact']['total'] / total:.1f}",
            ),
        ]
    return rows


def start_targets(found: dict[str, Any]) -> list[Row]:
    return [
        ("kernel start to first live panel", "below 2 s", f"{found['seconds']:.2f} s"),
        ("private memory of that kernel", "below 120 MiB", f"{found['memory']:.0f} MiB"),
    ]


def notebook_targets(found: dict[str, Any]) -> list[Row]:
    tours, seconds = (sum(n[part] for n in found.values()) for part in ("tours", "seconds"))
    return [
        ("tours of all panels", "below 10 % of the run", f"{100 * tours / seconds:.1f} %"),
        ("slowest notebook", "below 45 s", f"{max(n['seconds'] for n in found.values()):.1f} s"),
        ("largest notebook", "below 400 kB", f"{max(n['size'] for n in found.values()):.0f} kB"),
    ]


def panel_targets(found: dict[str, Any]) -> list[Row]:
    (moved, which), (drawn, other) = (panels.slowest(found, anew) for anew in (False, True))
    return [
        (
            "CPU per move in place, slowest control of a notebook",
            "at most 15 ms",
            f"{moved:.1f} ms ({which})",
        ),
        ("the same when all is drawn anew", "at most 100 ms", f"{drawn:.1f} ms ({other})"),
    ]


def token_targets(found: dict[str, Any]) -> list[Row]:
    slowest = max(n["train"] for n in found.values())
    return [("byte-pair training on 100 kB", "below 2 s", f"{slowest:.2f} s")]


def training_targets(found: dict[str, Any]) -> list[Row]:
    swept = found["sweeps"]["d16, 1 layer, float32"]
    recorded = [n for n in found["recorder"].values() if "bare" in n]
    more = max(100 * (n["recorded"] / n["bare"] - 1) for n in recorded)
    largest = max(n["bytes"] for n in found["recorder"].values()) / 1e6
    slower = max(n["ours"] / n["theirs"] for n in found["step"].values())
    return [
        (
            "a sweep of 16, faster than one by one",
            "at least 4 times",
            f"{swept['alone'] / swept['together']:.1f}",
        ),
        ("a sweep of 16", "below 3 s", f"{swept['together']:.2f} s"),
        ("the recorder", "at most 20 % more", f"{more:.0f} %"),
        ("a run", "below 30 MB", f"{largest:.1f} MB"),
        ("a step, against PyTorch's layers", "at most 1 time as long", f"{slower:.2f}"),
    ]


TARGETS = {
    "pixels": pixel_targets,
    "cpu": cpu_targets,
    "start": start_targets,
    "notebooks": notebook_targets,
    "panels": panel_targets,
    "tokens": token_targets,
    "training": training_targets,
}


def machine() -> str:
    names = ("jupyterlab", "ipykernel", "ipywidgets", "matplotlib", "numpy", "torch")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {packages}, load {load}."


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="few repeats: numbers are not to be trusted")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there is {', '.join(PARTS)}")
    print(machine(), flush=True)
    found, rows = {}, []
    for name in options.names or PARTS:
        measure, show = PARTS[name]
        found[name] = measure(options.quick)
        print(f"\n{show(found[name])}", flush=True)
        rows += TARGETS[name](found[name]) if name in TARGETS else []
    if rows:
        print(f"\nTargets\n\n{table(['', 'target', 'measured'], rows)}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
