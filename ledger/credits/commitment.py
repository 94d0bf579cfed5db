"""The name of who a retirement is for: shown by us alone, while the chain only keeps a commitment to it."""

from eth_utils.crypto import keccak

from ledger.chain.abi import abi_hash

DOMAIN = keccak(text="Carbon Credit Micro: beneficiary of a retirement")


def commitment(*, chain_id: int, contract: bytes, holder: bytes, nonce: bytes, salt: bytes, beneficiary: str) -> bytes:
    """keccak256(abi.encode(DOMAIN, chain id, contract, holder, nonce, salt, name)), 32 bytes.

    The salt keeps anybody from guessing the name; whoever is told salt and name can check them against the chain.
    """
    return abi_hash(
        ["bytes32", "uint256", "address", "address", "bytes32", "bytes32", "string"],
        [DOMAIN, chain_id, contract, holder, nonce, salt, beneficiary],
    )
