"""Compiles the contracts into `contracts/artifacts/`: what deployment, indexer and ledger read.

py-solc-x drives the executable that `forge` compiles with too, under the settings of `foundry.toml`, so that what is
deployed is what Foundry tests. The artifacts are committed; `--check` compares them with a fresh compile and exits 1
where they differ. What a compile gave is kept in `.build`, under the hash of all that went into it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError

ROOT = Path(__file__).resolve().parents[1]
ARTIFACTS = ROOT / "contracts" / "artifacts"

#: Each contract that is deployed, and the file that holds it.
CONTRACTS = {
    "CarbonCredit": "contracts/src/CarbonCredit.sol",
    "CarbonMarket": "contracts/src/CarbonMarket.sol",
    "RecordAnchor": "contracts/src/RecordAnchor.sol",
    "Relay": "contracts/src/Relay.sol",
    "RetirementCertificate": "contracts/src/RetirementCertificate.sol",
    "RoleManager": "contracts/src/RoleManager.sol",
    "StandardAdapter": "contracts/src/dev/StandardAdapter.sol",
    "TestDollar": "contracts/src/dev/TestDollar.sol",
}

KEPT = ROOT / ".build" / "contracts"
#: What a compile depends on beside its request: the sources that it may import, and the compiler.
READ = ("contracts/src", "contracts/tools", "node_modules/@openzeppelin/contracts", "node_modules/solc")
READ_SUFFIXES = {".sol", ".js", ""}


class CompileError(Exception):
    """The compiler could not run, or it complained."""


def compiler_input(profile: dict[str, Any]) -> dict[str, Any]:
    """Build the standard JSON input of one compile of all contracts, from a profile of `foundry.toml`."""
    outputs = ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object"]
    return {
        "language": "Solidity",
        "sources": {source: {"content": (ROOT / source).read_text()} for source in CONTRACTS.values()},
        "settings": {
            **compiler_settings(profile),
            "outputSelection": {source: {name: outputs} for name, source in CONTRACTS.items()},
        },
    }


def compiler_settings(profile: dict[str, Any]) -> dict[str, Any]:
    """What a profile of `foundry.toml` tells the compiler, in the words of its standard JSON."""
    return {
        "remappings": profile["remappings"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "evmVersion": profile["evm_version"],
        "viaIR": profile["via_ir"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"]},
    }


def run_compiler(solc: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Have our executable compile the standard JSON; raises CompileError with its complaint."""
    try:
        answer: dict[str, Any] = solcx.compile_standard(request, base_path=ROOT, solc_binary=solc)
    except SolcError as error:
        raise CompileError(error.message if error.error_dict else error.stderr_data) from None
    except (OSError, subprocess.CalledProcessError) as error:
        raise CompileError(f"{solc.relative_to(ROOT)} does not run; run `make setup` first.\n{error}") from None
    return answer


def is_our_warning(diagnostic: dict[str, Any]) -> bool:
    """Whether a message of the compiler's is a warning about a file of our own: those count as errors."""
    file: str = diagnostic.get("sourceLocation", {}).get("file", "")
    return diagnostic["severity"] == "warning" and not file.startswith("node_modules/")


def digest_of(request: dict[str, Any]) -> str:
    """The hash of all that decides what a compile gives, this script included."""
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode())
    files = sorted(path for folder in READ for path in (ROOT / folder).rglob("*") if path.suffix in READ_SUFFIXES)
    for path in (Path(__file__).resolve(), *(path for path in files if path.is_file())):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def compile_contracts() -> dict[str, str]:
    """The text of each artifact by contract name, of a compile that was kept, or else of one now."""
    profile: dict[str, Any] = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    request = compiler_input(profile)
    kept = KEPT / f"{digest_of(request)}.json"
    if kept.exists():
        artifacts: dict[str, str] = json.loads(kept.read_text())
        return artifacts
    fresh = compiled(ROOT / profile["solc"], request)
    KEPT.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(fresh))
    draft.replace(kept)
    return fresh


def compiled(solc: Path, request: dict[str, Any]) -> dict[str, str]:
    """Compile every contract; return the text of each artifact by contract name."""
    answer = run_compiler(solc, request)
    if complaints := [entry["formattedMessage"] for entry in answer.get("errors", []) if is_our_warning(entry)]:
        raise CompileError("\n".join(complaints))

    settings = {key: request["settings"][key] for key in ("evmVersion", "optimizer", "viaIR")}
    return {
        name: json.dumps(artifact(name, source, answer["contracts"][source][name], settings), indent=2, sort_keys=True)
        + "\n"
        for name, source in CONTRACTS.items()
    }


def artifact(name: str, source: str, output: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a contract's compile. The compiler's version is the one that the metadata's hash stands for."""
    version = json.loads(output["metadata"])["compiler"]["version"]
    return {
        "contractName": name,
        "sourceName": source,
        "abi": output["abi"],
        "bytecode": "0x" + output["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + output["evm"]["deployedBytecode"]["object"],
        "compiler": {"name": "solc", "version": version, "settings": settings},
    }


def differences(fresh: dict[str, str]) -> list[str]:
    """Say how the committed artifacts differ from a fresh compile, one line a contract and part."""
    lines = []
    for name, text in fresh.items():
        path = ARTIFACTS / f"{name}.json"
        if not path.exists():
            lines.append(f"{name}: missing")
        elif (committed := path.read_text()) != text:
            old, new = json.loads(committed), json.loads(text)
            parts = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            lines.append(f"{name}: {', '.join(parts) or 'layout'} differ")
    lines += [f"{path.stem}: no such contract" for path in sorted(ARTIFACTS.glob("*.json")) if path.stem not in fresh]
    return lines


def main() -> int:
    """Write the artifacts, or with `--check` compare them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Compile the contracts into contracts/artifacts/.")
    parser.add_argument("--check", action="store_true", help="compare with the committed artifacts, write nothing")
    arguments = parser.parse_args()
    try:
        fresh = compile_contracts()
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    drift = differences(fresh)
    if arguments.check:
        for line in drift:
            print(line, file=sys.stderr)
        print("artifacts: run `make contracts` and commit the result" if drift else "artifacts: up to date")
        return 1 if drift else 0
    ARTIFACTS.mkdir(exist_ok=True)
    for name, text in fresh.items():
        path = ARTIFACTS / f"{name}.json"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
