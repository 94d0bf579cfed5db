"""The committed artifacts on an EVM that shares no code with the node that everything else runs on: py-evm.

web3 encodes the calls and decodes what comes back; the signatures are the ledger's own, of holders without any ether.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]  # it carries no types
from eth_tester.exceptions import TransactionFailed  # type: ignore[import-untyped]  # the same
from eth_utils.crypto import keccak
from web3 import EthereumTesterProvider, Web3
from web3.contract import Contract
from web3.logs import DISCARD
from web3.types import TxReceipt

from ledger.chain.abi import ContractName, artifact, creation_code, decode_error, function
from ledger.chain.custody import LocalSigner
from ledger.chain.deploy import (
    ANCHOR_ROLE,
    DAILY_ISSUE_CAP_KG,
    ISSUER_ROLE,
    LOWEST_LEVEL,
    MICRO_CLASS,
    SYMBOL,
    VERIFIER_ROLE,
)
from ledger.chain.merkle import leaf_of, root_of
from ledger.chain.typed_data import (
    CREDIT_NAME,
    FOREVER,
    BatchTerms,
    Domain,
    Issuance,
    Retirement,
    Transfer,
    authorization_ref,
    issuance_digest,
    retire_digest,
    transfer_digest,
)
from ledger.kernel.ids import credit_number

ACTION_GAS = 400_000
RELAY_GAS = 2_000_000

DEPLOYER, ISSUER, ANCHOR, ANYBODY = range(4)  # accounts of the node's own, which pay for gas
VERIFIER, HOUSEHOLD, COMPANY = (LocalSigner(keccak(text=name)) for name in ("verifier", "household", "company"))
TRANSFER = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"

TERMS = BatchTerms(
    source=b"renewable_energy".ljust(32, b"\0"),
    vintage_start=1_735_689_600,
    vintage_end=1_767_225_600,
    verifier=VERIFIER.address,
    level=2,
    country=b"US",
    closes_at=2**40,
    buffer_bps=500,
)
ISSUANCE = Issuance(
    batch_id=TERMS.batch_id,
    position=0,
    records_root=root_of([keccak(text="a record")]),
    recipients=(HOUSEHOLD.address,),
    kg=(950,),
    credit_ids=(credit_number("CRD-2025-000123"),),
    buffer_kg=50,
    deadline=2**40,
)
RETIREMENT = Retirement(
    kg=300,
    batch_ids=(),
    earliest_vintage=0,
    commitment=keccak(text="for whom"),
    reason=1,
    period=2025,
    nonce=keccak(text="a retirement"),
)


@dataclass(frozen=True)
class Deployed:
    """The contracts on py-evm, with their roles granted."""

    web3: Web3
    anchor: Contract
    relay: Contract
    credit: Contract

    @property
    def domain(self) -> Domain:
        """Where signatures for the credit's contract count."""
        return Domain(CREDIT_NAME, self.web3.eth.chain_id, bytes.fromhex(self.credit.address[2:]))

    def send(self, sender: int, call: Any, **options: int) -> TxReceipt:
        """Has one of the node's own accounts send the call; what became of it."""
        transaction = call.transact({"from": self.web3.eth.accounts[sender], **options})
        return self.web3.eth.wait_for_transaction_receipt(transaction)

    def issue(self) -> TxReceipt:
        """Issues the one credit, as its verifier signed it."""
        signature = VERIFIER.sign(issuance_digest(self.domain, ISSUANCE))
        return self.send(ISSUER, self.credit.functions.issue(TERMS, ISSUANCE, signature))

    def relayed(self, *data: str) -> TxReceipt:
        """Has anybody carry signed calls of the credit's contract."""
        actions = [(self.credit.address, call, ACTION_GAS, position.to_bytes(32)) for position, call in enumerate(data)]
        return self.send(ANYBODY, self.relay.functions.relay(actions), gas=RELAY_GAS)

    def outcomes(self, receipt: TxReceipt) -> list[str]:
        """Of each action that the relay carried: `done`, or why not."""
        events = self.relay.events.ActionRelayed().process_receipt(receipt, errors=DISCARD)
        return ["done" if each["args"]["success"] else decode_error(each["args"]["result"]).name for each in events]

    def kg_of(self, *holders: LocalSigner) -> list[int]:
        """What each holds."""
        return [self.credit.functions.balanceOf(holder.address).call() for holder in holders]

    def batch_kg(self) -> tuple[int, ...]:
        """Of the one batch: issued, circulating, buffered, retired. (Nothing is cancelled here.)"""
        found: tuple[int, ...] = self.credit.functions.batchKg(TERMS.batch_id).call()
        return tuple(found)[:4]


@pytest.fixture(scope="module")
def evm() -> EthereumTester:
    """A chain of py-evm's own."""
    return EthereumTester(PyEVMBackend())


@pytest.fixture(scope="module")
def deployed(evm: EthereumTester) -> Deployed:
    """All contracts but those that trade for test money, deployed as contracts/README.md says."""
    web3 = Web3(EthereumTesterProvider(evm))
    accounts = web3.eth.accounts

    def create(name: ContractName, *arguments: object) -> Contract:
        factory = web3.eth.contract(abi=artifact(name)["abi"], bytecode=artifact(name)["bytecode"])
        transaction = factory.constructor(*arguments).transact({"from": accounts[DEPLOYER]})
        receipt = web3.eth.wait_for_transaction_receipt(transaction)
        address = receipt["contractAddress"]
        assert address is not None
        return web3.eth.contract(address=address, abi=artifact(name)["abi"])

    manager = create("RoleManager", accounts[DEPLOYER])
    anchor = create("RecordAnchor", manager.address)
    terms = (CREDIT_NAME, SYMBOL, MICRO_CLASS, LOWEST_LEVEL, DAILY_ISSUE_CAP_KG)
    made = Deployed(web3, anchor, create("Relay"), create("CarbonCredit", *terms, manager.address))

    restrict, grant = manager.functions.setTargetFunctionRole, manager.functions.grantRole
    made.send(DEPLOYER, restrict(made.credit.address, [function("CarbonCredit", "issue").selector], ISSUER_ROLE))
    made.send(DEPLOYER, grant(ISSUER_ROLE, accounts[ISSUER], 0))
    made.send(DEPLOYER, grant(ANCHOR_ROLE, accounts[ANCHOR], 0))
    made.send(DEPLOYER, grant(VERIFIER_ROLE, VERIFIER.address, 0))
    return made


@pytest.fixture
def chain(evm: EthereumTester, deployed: Deployed) -> Iterator[Deployed]:
    """The deployed contracts; what a test does to them is forgotten afterwards."""
    snapshot = evm.take_snapshot()
    yield deployed
    evm.revert_to_snapshot(snapshot)


def test_a_credit_is_issued_given_away_and_retired_by_signatures_alone(chain: Deployed) -> None:
    issued = chain.issue()
    (minted,) = chain.credit.events.CreditMinted().process_receipt(issued, errors=DISCARD)
    assert (minted["args"]["amount"], minted["args"]["creditId"]) == (950, "CRD-2025-000123")
    assert bytes.fromhex(minted["args"]["recipient"][2:]) == HOUSEHOLD.address
    assert chain.kg_of(HOUSEHOLD, COMPANY) == [950, 0]
    assert chain.batch_kg() == (1000, 950, 50, 0)

    transfer = Transfer(HOUSEHOLD.address, COMPANY.address, 400, 0, FOREVER, keccak(text="a transfer"))
    given = chain.credit.encode_abi(TRANSFER, [*transfer, HOUSEHOLD.sign(transfer_digest(chain.domain, transfer))])
    carried = chain.relayed(given, retirement(chain, COMPANY))
    assert chain.outcomes(carried) == ["done", "done"]
    (retired,) = chain.credit.events.CreditsRetired().process_receipt(carried, errors=DISCARD)
    assert retired["args"]["ref"] == authorization_ref(COMPANY.address, RETIREMENT.nonce)
    assert (retired["args"]["kg"], retired["args"]["batchIds"]) == (300, [TERMS.batch_id])
    assert retired["args"]["commitment"] == RETIREMENT.commitment

    assert chain.kg_of(HOUSEHOLD, COMPANY) == [550, 100]
    assert chain.batch_kg() == (1000, 650, 50, 300)
    assert chain.credit.functions.totalSupply().call() == 700


def test_a_retirement_that_was_signed_for_cannot_be_repeated_or_made_for_another(chain: Deployed) -> None:
    chain.issue()
    signed = retirement(chain, HOUSEHOLD)
    forged = retirement(chain, HOUSEHOLD, signer=COMPANY)

    assert chain.outcomes(chain.relayed(forged, signed, signed)) == [
        "InvalidHolderSignature",
        "done",
        "ERC3009UsedAuthorization",
    ]
    assert chain.batch_kg() == (1000, 650, 50, 300)


def test_a_record_is_proven_under_an_anchored_root(chain: Deployed) -> None:
    ours, other = keccak(text="our record"), keccak(text="another record")
    chain.send(ANCHOR, chain.anchor.functions.anchor(root_of([ours, other]), 2, bytes(32)))

    is_anchored = chain.anchor.functions.isAnchored
    assert is_anchored(1, ours, [leaf_of(other)]).call() is True
    assert is_anchored(1, other, [leaf_of(other)]).call() is False


def test_no_test_money_comes_into_being_on_a_chain_that_is_not_for_development(
    evm: EthereumTester, deployed: Deployed
) -> None:
    creation = {"from": deployed.web3.eth.accounts[DEPLOYER], "data": "0x" + creation_code("TestDollar").hex()}
    with pytest.raises(TransactionFailed) as refused:
        evm.estimate_gas(creation)

    reason = decode_error(refused.value.args[0].args[0])
    assert (reason.name, reason.arguments) == ("NotADevelopmentChain", {"chainId": str(deployed.web3.eth.chain_id)})


def retirement(chain: Deployed, holder: LocalSigner, signer: LocalSigner | None = None) -> str:
    """The call that retires credits of the holder, who signed for it, or somebody else did."""
    signature = (signer or holder).sign(retire_digest(chain.domain, holder.address, RETIREMENT, 0, FOREVER))
    arguments = [holder.address, RETIREMENT, 0, FOREVER, 1, signature]
    return str(chain.credit.encode_abi("retireWithAuthorization", arguments))
