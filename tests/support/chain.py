"""What tests of the chain share: contracts on a development chain, and acts whose every repetition would show."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest_asyncio
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccm.stack.anvil import EmbeddedAnvil
from ledger.chain import (
    FOREVER,
    BatchTerms,
    Custody,
    Intent,
    Network,
    Relayer,
    Rpc,
    Signer,
    Transfer,
    authorization_ref,
    credit_ref,
    deploy,
    function_data,
    issue_payload,
    load_network,
    queue,
    relay_payload,
    transfer_digest,
)
from ledger.chain.abi import ContractName, function_result
from ledger.chain.acts import Act, store_once, until_mined
from ledger.chain.custody import OperatorName
from ledger.chain.delivery import Delivery
from ledger.chain.rpc import to_bytes, to_hex
from ledger.chain.transactions import Call
from ledger.chain.typed_data import CREDIT_NAME, VERSION
from ledger.db.session import Sessions
from ledger.kernel.finality import AT_ONCE
from ledger.kernel.units import Kg

SEED = bytes(range(64))
FAUCET_GAS = 100_000
TRANSFER_GAS = 200_000
OPERATOR_GAS = 1_000_000
VERIFIER = 9
"""The custody index of a verifier."""


@pytest_asyncio.fixture
async def rpc(anvil: EmbeddedAnvil) -> AsyncIterator[Rpc]:
    """Calls to the test's development chain."""
    async with Rpc(anvil.url) as node:
        yield node


@pytest_asyncio.fixture
async def network(sessions: Sessions, rpc: Rpc) -> Network:
    """The chain with the contracts deployed."""
    custody = Custody(SEED)
    await deploy(sessions, rpc, custody, network="polygon", finality=AT_ONCE)
    async with sessions() as session:
        return await load_network(session, "polygon", custody)


def receiver(number: int) -> bytes:
    """An address that nobody else uses."""
    return keccak(number.to_bytes(32))[-20:]


def batch_terms(network: Network, verifier_index: int = VERIFIER, source: bytes = b"energy_efficiency") -> BatchTerms:
    """A batch that never closes, a twentieth of which is buffered."""
    return BatchTerms(
        source=source.ljust(32, b"\0"),
        vintage_start=1_735_689_600,
        vintage_end=1_767_225_600,
        verifier=network.custody.holder(verifier_index).address,
        level=2,
        country=b"US",
        closes_at=2**40,
        buffer_bps=500,
    )


async def queue_credits(
    session: AsyncSession,
    network: Network,
    holder: bytes,
    kilograms: dict[int, int],
    *,
    verifier_index: int = VERIFIER,
    terms: BatchTerms | None = None,
) -> None:
    """Queues the issuance of credits to a holder: by the counter of the credit's id, its kilograms."""
    for counter, kg in kilograms.items():
        credit_id = f"CRD-2025-{counter:06d}"
        await queue(
            session,
            Intent(
                chain_id=network.chain_id,
                kind="issue",
                ref=credit_ref(credit_id),
                lane="issuer",
                payload=issue_payload(
                    terms or batch_terms(network, verifier_index),
                    recipient=holder,
                    kg=Kg(kg),
                    credit_id=credit_id,
                    record_hash=keccak(text=credit_id),
                    verifier_index=verifier_index,
                ),
            ),
        )


async def queue_transfer(session: AsyncSession, network: Network, giver: Signer, taker: bytes, kg: int) -> None:
    """Queues a transfer of credits that the giver signed."""
    nonce = keccak(giver.address + taker)
    transfer = Transfer(giver.address, taker, kg, 0, FOREVER, nonce)
    signature = giver.sign(transfer_digest(network.credit_domain, transfer))
    by_bytes = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
    data = function_data("CarbonCredit", by_bytes, [*transfer, signature])
    await queue(
        session,
        Intent(
            chain_id=network.chain_id,
            kind="transfer",
            ref=authorization_ref(giver.address, nonce),
            holder=giver.address,
            debit_kg=Kg(kg),
            lane="relay",
            payload=relay_payload(network.contracts.credit, data, TRANSFER_GAS),
        ),
    )


async def queue_gifts(session: AsyncSession, network: Network, numbers: Sequence[int]) -> None:
    """Queues one millionth of a test dollar for each receiver: whoever has two was served twice."""
    for number in numbers:
        data = function_data("TestDollar", "faucet", [receiver(number), 1])
        await queue(
            session,
            Intent(
                chain_id=network.chain_id,
                kind="approve",
                ref=keccak(number.to_bytes(32)),
                lane="relay",
                payload=relay_payload(network.contracts.dollar, data, FAUCET_GAS),
            ),
        )


async def act(
    sessions: Sessions,
    rpc: Rpc,
    network: Network,
    operator: OperatorName,
    name: str,
    *arguments: object,
    contract: ContractName = "CarbonCredit",
) -> None:
    """An operator calls a contract, once for each list of arguments."""
    data = function_data(contract, name, arguments)
    called = Act(
        f"{operator} {name} {keccak(data).hex()}", Call(network.contracts.named()[contract], data, OPERATOR_GAS)
    )
    async with sessions.begin() as session:
        await store_once(session, rpc, network.chain_id, network.custody.operator(operator), [called])
    delivery = Delivery(sessions, rpc, network.chain_id, network.custody)
    await until_mined(sessions, rpc, delivery, network.chain_id, [called.purpose])


REVERSAL = (
    ("verifier", "address"),
    ("batchId", "bytes32"),
    ("kg", "uint256"),
    ("evidence", "bytes32"),
    ("nonce", "bytes32"),
    ("deadline", "uint256"),
)


CANCELLED_AUTHORIZATION = (("authorizer", "address"), ("nonce", "bytes32"))


def reversal(
    network: Network, batch_id: bytes, kg: int, *, nonce: bytes | None = None
) -> tuple[tuple[object, ...], bytes]:
    """A reversal that never expires, and the verifier's signature over it."""
    verifier = network.custody.holder(VERIFIER)
    members = (verifier.address, batch_id, kg, keccak(text="evidence"), nonce or keccak(batch_id), FOREVER)
    return members, _signed(network, verifier, "Reversal", REVERSAL, members)


def cancelled_authorization(network: Network, holder: Signer, nonce: bytes) -> bytes:
    """The holder's signature over the cancelling of an authorisation."""
    return _signed(network, holder, "CancelAuthorization", CANCELLED_AUTHORIZATION, (holder.address, nonce))


def _signed(
    network: Network,
    signer: Signer,
    struct: str,
    types: Sequence[tuple[str, str]],
    members: Sequence[object],
) -> bytes:
    """A signature over a struct that the token takes, by another library than the one under test."""
    message = encode_typed_data(
        domain_data={
            "name": CREDIT_NAME,
            "version": VERSION,
            "chainId": network.chain_id,
            "verifyingContract": to_hex(network.contracts.credit),
        },
        message_types={struct: [{"name": name, "type": kind} for name, kind in types]},
        message_data=dict(zip((name for name, _ in types), members, strict=True)),
    )
    return signer.sign(keccak(b"\x19" + message.version + message.header + message.body))


async def read(rpc: Rpc, contract: ContractName, address: bytes, function: str, *arguments: object) -> object:
    """What a contract answers now."""
    call = {"to": to_hex(address), "data": to_hex(function_data(contract, function, arguments))}
    return function_result(contract, function, to_bytes(await rpc.call("eth_call", call, "latest")))


async def credits_of(rpc: Rpc, network: Network, *holders: bytes) -> list[object]:
    """The credits of each holder, in kg."""
    credit = network.contracts.credit
    return [await read(rpc, "CarbonCredit", credit, "balanceOf", holder) for holder in holders]


async def gifts(rpc: Rpc, network: Network, numbers: Sequence[int]) -> list[object]:
    """What each receiver has."""
    dollar = network.contracts.dollar
    return [await read(rpc, "TestDollar", dollar, "balanceOf", receiver(number)) for number in numbers]


async def statuses(sessions: Sessions) -> dict[str, int]:
    """How many intents there are of each status."""
    async with sessions() as session:
        rows = await session.execute(select(Intent.status, func.count()).group_by(Intent.status))
        return {status: count for status, count in rows}  # noqa: C416  # rows are no tuples to the type checker


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until it holds; half a minute without is a failure."""
    async with asyncio.timeout(30):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


async def until_done(relayer: Relayer, sessions: Sessions) -> None:
    """Lets the relayer work until nothing is queued and the chain has counted all that was sent."""
    while await relayer.run_once() or "queued" in await statuses(sessions):
        pass
