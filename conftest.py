"""Loads our stricter nbval for every part of the suite, also for a single notebook on the command line."""

pytest_plugins = ["tests.nbval_strict"]
