from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deploying import AMOY, Chain, Operator, running_chain


@pytest.fixture(scope="session")
def amoy_node() -> Iterator[Chain]:
    """A node with the chain id of Polygon's test network."""
    with running_chain(AMOY) as chain:
        yield chain


@pytest.fixture
def amoy(amoy_node: Chain) -> Iterator[Chain]:
    """The same, as it was before any other test."""
    before = amoy_node.ask("evm_snapshot")
    yield amoy_node
    amoy_node.ask("evm_setAutomine", True)
    amoy_node.ask("evm_revert", before)


@pytest.fixture
def operator(amoy: Chain, tmp_path: Path) -> Operator:
    """Somebody who deploys to it."""
    return Operator(amoy, tmp_path)
