import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ccm.stack.account import Account, server_account
from ccm.stack.postgres import EmbeddedPostgres
from tests.support.stack import data_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as made:
        yield made


async def test_a_taken_port_is_replaced_and_the_data_stays(folder: Path) -> None:
    async with EmbeddedPostgres(folder, durable=False) as server:
        port = server.port
        await server.create_database("mine")
    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        occupant.bind(("127.0.0.1", port))
        occupant.listen()
        async with EmbeddedPostgres(folder, preferred_port=port, durable=False) as server:
            assert server.port != port
            await (await asyncpg.connect(server.url_of("mine"))).close()


async def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    async with EmbeddedPostgres(folder, durable=False) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://ccm:wrong@127.0.0.1:{server.port}/ccm")
    assert (folder / "postgres.password").stat().st_mode & 0o077 == 0


async def test_a_deep_folder_has_its_socket_elsewhere(folder: Path) -> None:
    said: list[str] = []
    deep = folder / ("x" * 120)
    async with EmbeddedPostgres(deep, durable=False, say=said.append) as server:
        await (await asyncpg.connect(server.url)).close()
        outside = Path((deep / "outside").read_text().strip())
        assert (outside / f".s.PGSQL.{server.port}").is_socket()
    shutil.rmtree(outside)


def test_an_account_needs_every_folder_on_the_way(folder: Path) -> None:
    stranger = Account(name="stranger", uid=os.geteuid() + 1, gid=os.getegid() + 1)
    (folder / "closed" / "inner").mkdir(parents=True)
    assert stranger.may_reach(folder / "closed" / "inner")
    (folder / "closed").chmod(0o700)
    assert not stranger.may_reach(folder / "closed" / "inner")
    assert server_account().uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
async def test_in_a_folder_that_only_root_enters_the_files_lie_elsewhere(folder: Path) -> None:
    said: list[str] = []
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for _ in range(2):
        async with EmbeddedPostgres(closed / "data", durable=False, say=said.append) as server:
            await (await asyncpg.connect(server.url)).close()
            outside = Path((closed / "data" / "outside").read_text().strip())
            assert (outside / "cluster").is_dir()
    assert all(str(outside) in line for line in said)
    shutil.rmtree(outside)
