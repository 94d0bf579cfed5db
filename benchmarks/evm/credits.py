"""What credits cost: issued, moved, retired, carried by the relay, and the records behind them anchored."""

from collections.abc import Sequence

from eth_utils.crypto import keccak

from benchmarks.evm import peers
from benchmarks.evm.chain import Contract, Mined, Sent
from benchmarks.evm.figures import Figure, Peer, figure
from benchmarks.evm.parts import parts_of
from benchmarks.evm.world import ADMIN, ANCHORER, CARRIER, World, batch_terms, people, person
from ledger.chain import FOREVER, Domain, Retirement, Transfer, retire_digest, transfer_digest
from ledger.chain.custody import LocalSigner

BY_BYTES = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
BY_PARTS = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"
AUTHORIZED_NAME = "Carbon Credit Peer"
WORD = 256
"""How many nonces that are counted up share a word of storage."""

HELD_KG = 1_000_000
MOVED_KG = 5
CARRIED = 50
SIZES = (1, 10, 100)
CARRIED_GAS = 400_000
"""What an action in the relay may use."""

NO_ROOT = bytes(32)


async def issue_figures(world: World, *, parts: bool) -> list[Figure]:
    """Issuances of 1, 10 and 100 credits, to holders who had none and to the same again."""
    opening = await world.issue([person("first holder")])
    found = [figure("issue 1, opening its batch", opening, "nothing of batch, issuer's day or holder")]
    for size in SIZES:
        holders = people(f"one of {size}", size)
        for state in ("holders with no credits", "holders with credits"):
            transaction = world.issuance(holders)
            split = await parts_of(world.chain, transaction) if parts and size == max(SIZES) else {}
            mined = await world.issue(holders)
            name = f"issue {size} to {'new' if 'no ' in state else 'known'} holders"
            found.append(Figure(name, mined.gas, f"{state}, batch and bitmap word in use", size, parts=split))
    return found


async def transfer_figures(world: World) -> list[Figure]:
    """Transfers by the holder and by signature, beside tokens that can do nothing more."""
    chain, built = world.chain, peers.tokens()
    giver, taker = person("giver"), person("taker")
    await world.issue([giver, taker], HELD_KG)
    plain, solady, authorized = [
        await chain.create(ADMIN.address, built[name]) for name in ("PlainToken", "SoladyToken", "AuthorizedToken")
    ]
    for token in (plain, solady, authorized):
        mint = [token.data("mint", each.address, HELD_KG) for each in (giver, taker)]
        await chain.send_all([Sent(ADMIN.address, token.address, data) for data in mint])

    found = []
    for recipient, name, state in (
        (taker, "transfer", "both hold credits"),
        (person("newcomer"), "transfer to a newcomer", "the recipient holds none"),
    ):
        ours, openzeppelins, soladys = [
            await chain.send(giver.address, token.address, token.data("transfer", recipient.address, MOVED_KG))
            for token in (world.credit, plain, solady)
        ]
        beside = (Peer("OpenZeppelin ERC-20", openzeppelins.gas), Peer("solady ERC-20", soladys.gas))
        found.append(figure(name, ours, state, peers=beside))
    return [*found, *await _authorization_figures(world, authorized, giver, taker)]


async def _authorization_figures(
    world: World, authorized: Contract, giver: LocalSigner, taker: LocalSigner
) -> list[Figure]:
    """Transfers that a signature allows. OpenZeppelin's token takes it in three parts, and keeps a word a nonce."""
    transfer = Transfer(giver.address, taker.address, MOVED_KG, 0, FOREVER, WORD.to_bytes(32))
    signed = giver.sign(transfer_digest(Domain(AUTHORIZED_NAME, world.chain.chain_id, authorized.address), transfer))
    by_parts = authorized.data(BY_PARTS, *transfer, signed[64], signed[:32], signed[32:64])
    theirs = await world.chain.send(CARRIER.address, authorized.address, by_parts)
    first, second = [
        await world.chain.send(CARRIER.address, world.credit.address, carried(world, giver, taker, nonce))
        for nonce in (WORD, WORD + 1)
    ]
    peer = Peer("OpenZeppelin ERC-3009", theirs.gas)
    return [
        figure("transferWithAuthorization, new nonce word", first, "both hold credits", peers=[peer]),
        figure("transferWithAuthorization, used nonce word", second, "both hold credits"),
    ]


async def retire_figures(world: World) -> list[Figure]:
    """Retirements out of one batch and out of five."""
    holder = person("retirer")
    batches = range(1, 6)
    oldest, *named = (batch_terms(number).batch_id for number in (0, *batches))
    for number in batches:
        await world.issue([holder], HELD_KG, batch=number)
    for position, batch in enumerate((oldest, *named)):
        await _retire(world, holder, 1, position, (batch,))

    state = "the holder keeps some, the batch was retired from before"
    by_holder = await _retire(world, holder, MOVED_KG, 10)
    of_named = await _retire(world, holder, MOVED_KG, 11, named[:1])
    retirement = _retirement(MOVED_KG, 12)
    signed = holder.sign(retire_digest(world.credit_domain, holder.address, retirement, 0, FOREVER))
    data = world.credit.data("retireWithAuthorization", holder.address, retirement, 0, FOREVER, 1, signed)
    by_signature = await world.chain.send(CARRIER.address, world.credit.address, data)
    of_five = await _retire(world, holder, 4 * (HELD_KG - 1) + MOVED_KG, 13, named)
    return [
        figure("retire from 1 batch, oldest listed", by_holder, state),
        figure("retire from 1 batch, named", of_named, state),
        figure("retireWithAuthorization from 1 batch", by_signature, state),
        figure("retire from 5 batches, named", of_five, "the same; four of them are emptied", 5),
    ]


async def relay_figures(world: World) -> list[Figure]:
    """Fifty signed transfers in one call of the relay, each by another holder."""
    holders, taker = people("carried", CARRIED), person("taker of all")
    await world.issue([*holders, taker], HELD_KG)
    found = []
    for nonce, state in ((0, "new nonce words"), (1, "used nonce words")):
        actions = [
            (world.credit.address, carried(world, holder, taker, nonce), CARRIED_GAS, keccak(holder.address))
            for holder in holders
        ]
        mined = await world.chain.send(CARRIER.address, world.relay.address, world.relay.data("relay", actions))
        found.append(figure(f"relay {CARRIED} authorisations, {state}", mined, "all hold credits", CARRIED))
    return found


async def anchor_figures(world: World, *, parts: bool) -> list[Figure]:
    """Anchoring, whatever the number of records under the root."""
    roots = [NO_ROOT, *(keccak(text=f"root {number}") for number in range(3))]
    await world.chain.send(ANCHORER.address, world.anchor.address, world.anchor.data("anchor", roots[1], 1, NO_ROOT))
    found = []
    for previous, root, count in ((roots[1], roots[2], 1), (roots[2], roots[3], 1_000_000)):
        data = world.anchor.data("anchor", root, count, previous)
        transaction = Sent(ANCHORER.address, world.anchor.address, data)
        split = await parts_of(world.chain, transaction) if parts and count > 1 else {}
        mined = await world.chain.send_one(transaction)
        found.append(Figure(f"anchor {count:,} records", mined.gas, "an earlier root", parts=split))
    return found


async def _retire(world: World, holder: LocalSigner, kg: int, nonce: int, batch_ids: Sequence[bytes] = ()) -> Mined:
    data = world.credit.data("retire", _retirement(kg, nonce, batch_ids), 1)
    return await world.chain.send(holder.address, world.credit.address, data)


def _retirement(kg: int, nonce: int, batch_ids: Sequence[bytes] = ()) -> Retirement:
    return Retirement(
        kg=kg,
        batch_ids=tuple(batch_ids),
        earliest_vintage=0,
        commitment=keccak(text="for whom"),
        reason=1,
        period=2025,
        nonce=nonce.to_bytes(32),
    )


def carried(world: World, giver: LocalSigner, taker: LocalSigner, nonce: int) -> bytes:
    """The call that moves credits as their holder signed."""
    transfer = Transfer(giver.address, taker.address, MOVED_KG, 0, FOREVER, nonce.to_bytes(32))
    return world.credit.data(BY_BYTES, *transfer, giver.sign(transfer_digest(world.credit_domain, transfer)))
