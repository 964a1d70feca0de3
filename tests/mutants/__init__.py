"""Small faults in the library, one at a time: python -m tests.mutants prints which of them nbval finds."""
