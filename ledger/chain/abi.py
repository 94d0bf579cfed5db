"""What our contracts' ABIs say: calldata, results, events and errors. Addresses are 20 bytes everywhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from eth_utils.crypto import keccak

ContractName = Literal["RoleManager", "CarbonCredit", "CarbonMarket", "RecordAnchor", "Relay", "TestDollar"]
CONTRACT_NAMES: tuple[ContractName, ...] = (
    "RoleManager",
    "CarbonCredit",
    "CarbonMarket",
    "RecordAnchor",
    "Relay",
    "TestDollar",
)
AddableName = ContractName | Literal["RetirementCertificate", "StandardAdapter"]
"""What may be mirrored beside the main contracts."""
ADDABLE_NAMES: tuple[AddableName, ...] = (*CONTRACT_NAMES, "RetirementCertificate", "StandardAdapter")
ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"
SELECTOR_BYTES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A function, event or error of a contract."""

    name: str
    signature: str
    """e.g. transfer(address,uint256)"""
    inputs: tuple[Mapping[str, Any], ...]
    outputs: tuple[Mapping[str, Any], ...]

    @property
    def hash(self) -> bytes:
        """Keccak of the signature: an event's topic; its first four bytes are a function's or an error's selector."""
        return keccak(text=self.signature)

    @property
    def selector(self) -> bytes:
        """What calldata begins with."""
        return self.hash[:SELECTOR_BYTES]


@dataclass(frozen=True, slots=True)
class DecodedError:
    """Why a call reverted: a custom error's name and its arguments as JSON can hold them."""

    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {value}" for name, value in self.arguments.items())
        return f"{self.name} ({listed})" if listed else self.name


@cache
def artifact(contract: AddableName) -> Mapping[str, Any]:
    """The compiler's output for a contract: `abi`, `bytecode`, `deployedBytecode`."""
    read: Mapping[str, Any] = json.loads((ARTIFACTS / f"{contract}.json").read_text())
    return read


@cache
def _entries(contract: AddableName, kind: Literal["function", "event", "error", "constructor"]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            name := item.get("name", ""),
            f"{name}({','.join(abi_type(part) for part in item['inputs'])})",
            tuple(item["inputs"]),
            tuple(item.get("outputs", ())),
        )
        for item in artifact(contract)["abi"]
        if item["type"] == kind
    )


def events(contract: AddableName) -> tuple[Entry, ...]:
    """Every event that the contract may emit."""
    return _entries(contract, "event")


@cache
def function(contract: ContractName, name: str) -> Entry:
    """The function of this name, or of this signature where the name is overloaded."""
    found = [entry for entry in _entries(contract, "function") if name in {entry.name, entry.signature}]
    if len(found) != 1:
        raise LookupError(f"{contract} has {len(found)} functions {name}")
    return found[0]


def abi_type(part: Mapping[str, Any]) -> str:
    """An ABI parameter's type as signatures write it, structs as tuples."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    members = ",".join(abi_type(member) for member in part["components"])
    return f"({members}){kind.removeprefix('tuple')}"


def encode(inputs: Sequence[Mapping[str, Any]], arguments: Sequence[Any]) -> bytes:
    """ABI-encodes arguments by the parameters they are for. Structs are tuples in the order of their members."""
    return encoding_of([abi_type(part) for part in inputs], arguments)


def function_data(contract: ContractName, name: str, arguments: Sequence[Any] = ()) -> bytes:
    """Calldata: the selector and the encoded arguments. `name` is a signature where the name is overloaded."""
    entry = function(contract, name)
    return entry.selector + encode(entry.inputs, arguments)


def function_result(contract: ContractName, name: str, data: bytes) -> Any:
    """What a call answered: the value where there is one, a tuple where there are more."""
    from ledger.chain import codec  # noqa: PLC0415  # ten megabytes that nobody needs who only reads events

    values = codec.decode([abi_type(part) for part in function(contract, name).outputs], data)
    return values[0] if len(values) == 1 else values


def constructor_inputs(contract: ContractName) -> tuple[Mapping[str, Any], ...]:
    """The parameters of the contract's constructor."""
    constructors = _entries(contract, "constructor")
    return constructors[0].inputs if constructors else ()


def creation_code(contract: ContractName, arguments: Sequence[Any] = ()) -> bytes:
    """What a transaction that deploys the contract carries: its bytecode and the constructor's arguments."""
    return bytes.fromhex(artifact(contract)["bytecode"][2:]) + encode(constructor_inputs(contract), arguments)


_BUILT_IN = (
    Entry("Error", "Error(string)", ({"name": "message", "type": "string"},), ()),
    Entry("Panic", "Panic(uint256)", ({"name": "code", "type": "uint256"},), ()),
)


@cache
def _errors() -> Mapping[bytes, Entry]:
    own = (entry for contract in CONTRACT_NAMES for entry in _entries(contract, "error"))
    return {entry.selector: entry for entry in (*_BUILT_IN, *own)}


def decode_error(data: bytes) -> DecodedError:
    """What revert data says. Data that no contract of ours explains is told as it is."""
    if not data:
        return DecodedError("Reverted", {})
    entry = _errors().get(data[:SELECTOR_BYTES])
    if entry is not None:
        from ledger.chain import codec  # noqa: PLC0415  # as above

        values = codec.decode_whole([abi_type(part) for part in entry.inputs], data[SELECTOR_BYTES:])
        if values is None:  # cut short on its way through an event
            return DecodedError(entry.name, {})
        return DecodedError(
            entry.name, {part["name"]: json_value(value) for part, value in zip(entry.inputs, values, strict=True)}
        )
    return DecodedError("Reverted", {"data": "0x" + data.hex()})


def json_value(value: Any) -> Any:
    """A decoded value as `chain_events` and failures keep it: integers as decimal text, bytes as 0x text."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {name: json_value(member) for name, member in value.items()}
    return [json_value(member) for member in value]


def abi_hash(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Keccak of the values' standard ABI encoding, as Solidity's keccak256(abi.encode(…))."""
    return keccak(encoding_of(types, values))


def encoding_of(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Solidity's abi.encode of values of these types."""
    from ledger.chain import codec  # noqa: PLC0415  # as above

    return codec.encode(types, values)
