"""python -m tests.checks [name ...]: the mutants that a check lets pass, and whether they are mistakes."""

import sys

from tests.checks.equivalent import EQUIVALENT
from tests.checks.solutions import exercises
from tests.checks.test_mutants import same_everywhere

total, listed = 0, 0
for name, exercise in exercises().items():
    if sys.argv[1:] and name not in sys.argv[1:]:
        continue
    found = exercise.mutants()
    passed = [each for each in found if exercise.passes(exercise.function(each.source))]
    print(f"{exercise.notebook[:2]} {name}: {len(found)} mutants, {len(passed)} pass", end="")
    print("" if exercise.draw else ", no inputs are drawn")
    for each in passed:
        same = "the same on all inputs" if same_everywhere(exercise, each) else "A MISTAKE"
        reason = EQUIVALENT.get(name, {}).get(each.change, "no reason given")
        print(f"    {each.change}\n        {same}: {reason}")
    total, listed = total + len(found), listed + len(passed)
print(f"{total} mutants, {total - listed} refused, {listed} pass")
