"""`python -m tests.benchmarks` prints tables of times, bytes and memory. Nothing here asserts a time."""
