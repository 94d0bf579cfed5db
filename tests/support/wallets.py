"""People with wallets on a chain that `ape run deploy` deployed to, and the page's programs run as they would."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import pytest
from eth_account import Account

from ledger.chain import BatchTerms, Domain, Issuance, function_data, issuance_digest
from ledger.chain.abi import ContractName
from ledger.chain.custody import LocalSigner
from ledger.chain.merkle import leaf_of, root_of
from ledger.kernel.address_book import AddressBook, address_bytes, file_of
from ledger.records import canonical_json, record_hash
from scripts.deploy._core.config import Options
from tests.support.contracts_page import PAGE, ROOT, blocks
from tests.support.deploying import ANCHOR, ISSUER, MULTISIG, PLENTY_WEI, Chain, Operator

Language = Literal["python", "js"]
TOKEN = "WCCM"
PATIENCE_SECONDS = 60

ALICE, BOB, VERIFIER = (bytes.fromhex(byte * 32) for byte in ("a1", "b0", "f2"))
ALICES_KG = 100
BOBS_MICROS = 10_000_000
FEE_BPS = 50
YEAR = 2025
RECORD = {"creditId": "CRD-2025-000001", "savedMg": "100000000"}
NEIGHBOUR = b"\x07" * 32


def address_of(key: bytes) -> str:
    """The account of a key, with its checksum."""
    address: str = Account.from_key(key).address
    return address


def hexed(value: bytes) -> str:
    """As JSON carries bytes."""
    return "0x" + value.hex()


@dataclass(frozen=True)
class World:
    """A chain with everything on it that the page's programs use."""

    chain: Chain
    folder: Path

    @property
    def book(self) -> AddressBook:
        """Where the contracts are."""
        return AddressBook.read(self._book_file)

    @property
    def coin(self) -> str:
        """The network's coin."""
        book = self.book
        assert book.coin is not None
        return book.coin.address

    @property
    def terms(self) -> BatchTerms:
        """The batch that credits are issued into."""
        return BatchTerms(
            source=b"energy_efficiency".ljust(32, b"\0"),
            vintage_start=1_735_689_600,
            vintage_end=1_767_225_600,
            verifier=address_bytes(address_of(VERIFIER)),
            level=2,
            country=b"US",
            closes_at=2**40,
            buffer_bps=0,
        )

    def address(self, name: str, token: str = TOKEN) -> str:
        """Where a contract is that serves one class of credits, or all."""
        found = self.book.find(name, token) or self.book.find(name)
        assert found is not None
        return found.address

    def read(self, name: str, function: str, *arguments: object) -> Any:
        """What a contract answers now."""
        address = self.coin if name == "TestDollar" else self.address(name)
        return self.chain.node().read(name, address, function, *arguments)

    def act(self, sender: str, name: ContractName, function: str, arguments: Sequence[object]) -> None:
        """A transaction of anyone's; it must succeed."""
        address = self.coin if name == "TestDollar" else self.address(name)
        self.chain.act(sender, address, function_data(name, function, arguments))

    def issuance(self, position: int, holder: str, kg: int) -> Issuance:
        """The batch's issuance of one credit."""
        return Issuance(
            batch_id=self.terms.batch_id,
            position=position,
            records_root=record_hash(RECORD),
            recipients=(address_bytes(holder),),
            kg=(kg,),
            credit_ids=((YEAR << 40) + position + 1,),
            buffer_kg=0,
            deadline=2**40,
        )

    def run(self, language: Language, code: Sequence[str], **more: str) -> list[str]:
        """The lines that a program prints, run as the page says: in the project's folder, with this environment."""
        files = {"RECORD": self.folder / "record.json", "PROOF": self.folder / "proof.json", "BOOK": self._book_file}
        keys = {"ALICE_KEY": hexed(ALICE), "BOB_KEY": hexed(BOB), "RPC": self.chain.url}
        environment = {name: str(file) for name, file in files.items()} | keys | more
        return _RUNS[language]("\n".join(code), environment).splitlines()

    @property
    def _book_file(self) -> Path:
        return file_of(self.folder, self.chain.node().chain_id())


def _run_python(code: str, environment: Mapping[str, str]) -> str:
    """In this process: web3 alone takes longer to load than all of a program to run."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        patch.chdir(ROOT)
        for name, value in environment.items():
            patch.setenv(name, value)
        exec(compile(code, PAGE, "exec"), {})  # noqa: S102  # our own page's code
    return said.getvalue()


def _run_js(code: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603  # the same
        [Path(sys.executable).with_name("node"), "--input-type=module", "-"],
        input=code,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_RUNS: Mapping[Language, Callable[[str, Mapping[str, str]], str]] = {"python": _run_python, "js": _run_js}


def beginning(language: Language) -> str:
    """The page's block that everything else builds on."""
    return blocks(language)[0]


def provide(chain: Chain, folder: Path) -> World:
    """Deploys, and gives Alice credits, Bob coins, the market a fee, and a record its anchor."""
    options = Options(
        multisig=MULTISIG,
        holders={
            "issuer": [ISSUER],
            "verifier": [address_of(VERIFIER)],
            "guardian": ["none"],
            "matcher": ["none"],
            "anchor": [ANCHOR],
        },
    )
    Operator(chain, folder, options=options).deploy()
    world = World(chain, folder)
    for key in (ALICE, BOB):
        chain.ask("anvil_setBalance", address_of(key), hex(PLENTY_WEI))
    issuance = world.issuance(0, address_of(ALICE), ALICES_KG)
    domain = Domain(
        world.book.tokens[TOKEN].name, chain.node().chain_id(), address_bytes(world.address("CarbonCredit"))
    )
    signature = LocalSigner(VERIFIER).sign(issuance_digest(domain, issuance))
    world.act(ISSUER, "CarbonCredit", "issue", [world.terms, issuance, signature])
    world.act(ISSUER, "TestDollar", "faucet", [address_of(BOB), BOBS_MICROS])
    world.act(MULTISIG, "CarbonMarket", "setFee", [FEE_BPS])

    own = record_hash(RECORD)
    world.act(ANCHOR, "RecordAnchor", "anchor", [root_of([own, NEIGHBOUR]), 2, bytes(32)])
    (folder / "record.json").write_bytes(canonical_json(RECORD))
    (folder / "proof.json").write_text(json.dumps({"sequence": 1, "proof": [hexed(leaf_of(NEIGHBOUR))]}))
    return world
