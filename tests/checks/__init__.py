"""The exercise checks: the solution of each exercise is mutated by rule, and rewritten by rule.

`python -m tests.checks nearest` lists the mutants of `nearest` that its check lets pass. One that is a
mistake calls for another case. One that gives the same on all inputs goes with its reason into
`equivalent/NN.json`, NN the notebook: {"nearest": {"change, as listed": "reason"}}; at most one in ten.
"""
