"""Chains with the ids of live networks, on this machine, and operators who deploy to them."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_account import Account
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from ccm.stack.anvil import binary
from ledger.kernel.address_book import AddressBook, file_of
from scripts.deploy._core.carry_out import Pace
from scripts.deploy._core.check import Finding
from scripts.deploy._core.config import Options, load
from scripts.deploy._core.node import Node
from scripts.deploy._core.operate import Request, deploy

AMOY = 80002
MULTISIG = "0x00000000000000000000000000000000000000A1"
ISSUER = "0x00000000000000000000000000000000000000b2"
VERIFIER = "0x00000000000000000000000000000000000000b3"
GUARDIAN = "0x00000000000000000000000000000000000000B4"
ANCHOR = "0x00000000000000000000000000000000000000b5"
STRANGER = "0x000000000000000000000000000000000000dEaD"

OPTIONS = Options(
    multisig=MULTISIG,
    holders={
        "issuer": [ISSUER],
        "verifier": [VERIFIER],
        "guardian": [GUARDIAN],
        "matcher": ["none"],
        "anchor": [ANCHOR],
    },
)
PACE = Pace(poll_seconds=0.01, patience_seconds=30, grace_seconds=2)
IMPATIENT = Pace(poll_seconds=0.01, patience_seconds=0.1)
PLENTY_WEI = 10**20


class Interrupted(Exception):
    """The machine of the operator stopped at this moment."""


class Key:
    """A deployer's key in this process."""

    def __init__(self, private_key: bytes) -> None:
        self._account = Account.from_key(private_key)
        self.address: str = self._account.address

    def sign(self, transaction: Mapping[str, Any]) -> bytes:
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)


@dataclass(frozen=True)
class Chain:
    """A running chain. `interrupt` may raise Interrupted before or after a call reaches the node."""

    url: str
    transport: HTTPProvider

    def node(self, interrupt: Callable[[str, bool], None] | None = None) -> Node:
        """Calls to the chain, during which the operator's machine may stop."""

        def send(method: str, parameters: Sequence[Any]) -> Mapping[str, Any]:
            if interrupt:
                interrupt(method, False)
            answer = self.transport.make_request(RPCEndpoint(method), list(parameters))
            if interrupt:
                interrupt(method, True)
            return answer

        return Node(send)

    def ask(self, method: str, *parameters: Any) -> Any:
        """The result of one call."""
        return self.node().ask(method, *parameters)

    def act(self, sender: str, to: str, data: bytes) -> None:
        """A transaction of anyone's, mined at once."""
        self.ask("anvil_impersonateAccount", sender)
        self.ask("anvil_setBalance", sender, hex(PLENTY_WEI))
        sent = self.ask("eth_sendTransaction", {"from": sender, "to": to, "data": "0x" + data.hex()})
        self.ask("anvil_mine")
        assert int(self.ask("eth_getTransactionReceipt", sent)["status"], 16) == 1


@contextmanager
def running_chain(chain_id: int) -> Iterator[Chain]:
    """A chain with this id, whose network's coin and the multisig stand, mining every transaction at once."""
    command = [str(binary()), "--host", "127.0.0.1", "--port", "0", "--chain-id", str(chain_id)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # the toolchain's own node
    assert process.stdout is not None
    try:
        listening = (re.search(r"Listening on (\S+)", line) for line in process.stdout)
        url = "http://" + next(found[1] for found in listening if found)
        chain = Chain(url, HTTPProvider(url))
        chain.ask("anvil_setLoggingEnabled", False)
        chain.ask("anvil_setCode", MULTISIG, "0x00")
        for network in load().networks.values():
            if network.chain_id == chain_id and network.coin:
                chain.ask("anvil_setCode", network.coin.address, coin_code(network.coin.symbol, network.coin.decimals))
        yield chain
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def coin_code(symbol: str, decimals: int) -> str:
    """Code that answers decimals() with the number, and everything else with the symbol."""
    text = symbol.encode()
    choose_bytes = 15
    symbol_answer = f"602060005260{len(text):02x}6020527f{text.hex():0<64}60405260606000f3"
    decimals_at = choose_bytes + len(symbol_answer) // 2
    choose = f"60003560e01c63313ce5671460{decimals_at:02x}57"  # by the selector of decimals()
    return f"0x{choose}{symbol_answer}5b60{decimals:02x}60005260206000f3"


@dataclass
class Operator:
    """Somebody who deploys to a chain, with a key and a folder of address books."""

    chain: Chain
    folder: Path
    key: Key = field(default_factory=lambda: Key(bytes.fromhex("42" * 32)))
    options: Options = OPTIONS
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain.ask("anvil_setBalance", self.key.address, hex(PLENTY_WEI))

    @property
    def book(self) -> AddressBook:
        """What the file says."""
        return AddressBook.read(file_of(self.folder, self.chain.node().chain_id()))

    @property
    def nonce(self) -> int:
        """How many transactions of the operator's are mined."""
        return self.chain.node().nonce(self.key.address)

    def request(self, **changes: Any) -> Request:
        """What is asked for."""
        return replace(Request(self.options, folder=self.folder, pace=PACE), **changes)

    @property
    def sent(self) -> int:
        """How many transactions of the operator's the node has; a node answers before it has mined them."""
        return self.chain.node().nonce(self.key.address, "pending")

    def deploy(self, node: Node | None = None, **changes: Any) -> list[Finding]:
        """Deploys, or goes on; what is read back at the end."""
        node = node or self.chain.node()
        return deploy(node, self.key, self.request(**changes), self.said.append, lambda: True)


def differences(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """What does not agree: the contract or role, what of it, and what was found."""
    return [(each.subject, each.what, each.found) for each in findings if not each.agrees]
