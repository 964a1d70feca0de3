"""Two threads for PyTorch where a test asks for them; elsewhere it has one: see the conftest.py above."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def two_threads() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)
