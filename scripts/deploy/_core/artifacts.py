"""The committed contracts, and the calls that deployment makes to them."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import (
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

ROOT = Path(__file__).resolve().parents[3]
ARTIFACTS = ROOT / "contracts" / "artifacts"
WRITING = {"nonpayable", "payable"}


@cache
def artifact(contract: str) -> Mapping[str, Any]:
    """What was committed of a contract's compile: `abi`, `bytecode`, `deployedBytecode`."""
    read: Mapping[str, Any] = json.loads((ARTIFACTS / f"{contract}.json").read_text())
    return read


def constructor_arguments(contract: str, arguments: Sequence[Any]) -> bytes:
    """The ABI encoding of a constructor's arguments."""
    return encode(get_abi_input_types(_constructor(contract)), arguments)


def named_arguments(contract: str, arguments: Sequence[Any]) -> dict[str, Any]:
    """A constructor's arguments by the names of its parameters."""
    names = [each["name"].strip("_") for each in _constructor(contract)["inputs"]]
    return dict(zip(names, arguments, strict=True))


def creation_code(contract: str, arguments: Sequence[Any]) -> bytes:
    """What a transaction carries that creates the contract."""
    return bytes.fromhex(artifact(contract)["bytecode"][2:]) + constructor_arguments(contract, arguments)


def runtime_bytes(contract: str) -> int:
    """How long the contract's code is once it stands."""
    return len(artifact(contract)["deployedBytecode"]) // 2 - 1


def call_data(contract: str, function: str, *arguments: Any) -> bytes:
    """The calldata of a call."""
    entry = _function(contract, function)
    return bytes(function_abi_to_4byte_selector(entry)) + encode(get_abi_input_types(entry), arguments)


def call_result(contract: str, function: str, data: bytes) -> Any:
    """What a call answered: the value where there is one, a tuple where there are more."""
    values = decode(get_abi_output_types(_function(contract, function)), data)
    return values[0] if len(values) == 1 else values


def selector(contract: str, function: str) -> bytes:
    """What calldata for this function begins with."""
    return bytes(function_abi_to_4byte_selector(_function(contract, function)))


def writing_functions(contract: str) -> dict[bytes, str]:
    """Every function that can change something, by its selector."""
    return {
        bytes(function_abi_to_4byte_selector(entry)): entry["name"]
        for entry in artifact(contract)["abi"]
        if entry["type"] == "function" and entry["stateMutability"] in WRITING
    }


def event_topic(contract: str, event: str) -> bytes:
    """The first topic of an event's logs."""
    found = (each for each in artifact(contract)["abi"] if each["type"] == "event" and each["name"] == event)
    return bytes(event_abi_to_log_topic(next(found)))


@cache
def _function(contract: str, name: str) -> Any:
    found = [each for each in artifact(contract)["abi"] if each["type"] == "function" and each["name"] == name]
    if len(found) != 1:
        raise LookupError(f"{contract} has {len(found)} functions {name}")
    return found[0]


@cache
def _constructor(contract: str) -> Any:
    found = (each for each in artifact(contract)["abi"] if each["type"] == "constructor")
    return next(found, {"type": "constructor", "inputs": []})
