import asyncpg

from ccm.stack.anvil import EmbeddedAnvil
from ccm.stack.postgres import EmbeddedPostgres

DEVELOPMENT_CHAIN_ID = 31337


async def test_each_test_has_a_database_with_the_newest_schema(
    postgres_server: EmbeddedPostgres, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        assert await connection.fetchval("SHOW server_version_num") >= "180000"
        assert await connection.fetchval("SHOW data_checksums") == "on"
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    finally:
        await connection.close()
    assert postgres_server.url != database_url


async def test_the_test_chain_mines_what_is_sent(anvil: EmbeddedAnvil) -> None:
    assert int(await anvil.rpc.text("eth_chainId"), 16) == DEVELOPMENT_CHAIN_ID
    assert await anvil.rpc.text("eth_blockNumber") == "0x0"
