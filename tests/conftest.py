"""Settings of the unit tests."""

from hypothesis import settings

# The same examples in every run: a failure that one person sees, everybody can see.
settings.register_profile("attnlab", derandomize=True, deadline=None, database=None)
settings.load_profile("attnlab")
