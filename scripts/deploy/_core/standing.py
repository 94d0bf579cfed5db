"""Whether the code at an address is the committed contract, with exactly these constructor arguments.

Immutable values are written into the code when it is created, so it differs from the artifact. The node is asked what
the constructor would leave behind now (a call that creates, and changes nothing); that must be what stands, but for
the two words that depend on the address itself: the address, and the domain separator of EIP-712.
"""

from typing import Protocol

from eth_abi.abi import encode
from eth_utils.abi import filter_abi_by_name
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts.deploy._core.artifacts import artifact
from scripts.deploy._core.errors import DeploymentError
from scripts.deploy._core.node import Node, created_address

SIMULATED_SENDER = to_checksum_address(keccak(text="who creates nothing")[-20:])
DOMAIN_TYPE = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
METADATA_BYTES = 53
"""The end of every contract's code: a hash of its sources and settings."""


class Created(Protocol):
    """A contract that was, or is to be, created."""

    @property
    def contract(self) -> str:
        """Its name in the source."""

    @property
    def address(self) -> str:
        """Where it stands."""

    @property
    def code(self) -> bytes:
        """What creates it, arguments included."""


def stands(node: Node, created: Created) -> bool:
    """Whether the contract stands at its address; False when nothing does.

    Raises:
        DeploymentError: something else stands there.
    """
    found = node.code(created.address)
    if not found:
        return False
    if found == _expected_code(node, created):
        return True
    raise DeploymentError(
        f"At {created.address} stands other code than {created.contract} of this checkout with the arguments that the "
        "configuration gives. Check out the release that was deployed, and the configuration of that time."
    )


def is_of_these_sources(contract: str, code: bytes) -> bool:
    """Whether code was compiled from the sources that the committed contract was, whatever its arguments."""
    ours = bytes.fromhex(artifact(contract)["deployedBytecode"][2:])
    return len(code) == len(ours) and code[-METADATA_BYTES:] == ours[-METADATA_BYTES:]


def _expected_code(node: Node, created: Created) -> bytes:
    call = {"from": SIMULATED_SENDER, "data": "0x" + created.code.hex()}
    left = bytes.fromhex(node.ask("eth_call", call, "latest")[2:])
    simulated_at = created_address(SIMULATED_SENDER, node.nonce(SIMULATED_SENDER))
    if filter_abi_by_name("eip712Domain", artifact(created.contract)["abi"]):
        there, here = (_domain_separator(node, created, at) for at in (simulated_at, created.address))
        left = left.replace(there, here)
    return left.replace(bytes.fromhex(simulated_at[2:]), bytes.fromhex(created.address[2:]))


def _domain_separator(node: Node, created: Created, address: str) -> bytes:
    _, name, version, chain_id, _, _, _ = node.read(created.contract, created.address, "eip712Domain")
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    return keccak(encode(types, [DOMAIN_TYPE, keccak(text=name), keccak(text=version), chain_id, address]))
