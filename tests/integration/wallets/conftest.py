from collections.abc import Iterator

import pytest

from tests.support.deploying import running_chain
from tests.support.wallets import World, provide

DEVELOPMENT = 31_337


@pytest.fixture(scope="session")
def provided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alice with credits, Bob with coins, and a record that is anchored, on a chain deployed to by `ape run deploy`."""
    with running_chain(DEVELOPMENT) as chain:
        yield provide(chain, tmp_path_factory.mktemp("wallets"))


@pytest.fixture
def world(provided: World) -> Iterator[World]:
    """The same, as it was before any other test."""
    before = provided.chain.ask("evm_snapshot")
    yield provided
    provided.chain.ask("evm_revert", before)
