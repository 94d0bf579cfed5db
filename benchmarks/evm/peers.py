"""The contracts that ours are measured beside, built here from the npm packages that `make setup` installed."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from scripts.compile_contracts import ROOT, run_compiler

SOURCES = Path(__file__).with_name("sources")
KEPT = ROOT / ".build" / "peers"
PACKAGES = ("@openzeppelin/contracts", "seaport-core", "seaport-types", "solady")
SEAPORT_RUNS = 200


class Build(NamedTuple):
    """One compile: the sources by path, the contracts wanted of each, and the optimizer's settings."""

    sources: Mapping[str, tuple[str, ...]]
    runs: int
    via_ir: bool


@cache
def profile() -> dict[str, Any]:
    """The settings that our contracts are compiled with."""
    settings: dict[str, Any] = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    return settings


def tokens() -> dict[str, Any]:
    """Tokens by the name of their contract, compiled as ours are."""
    names = ("PlainToken", "AuthorizedToken", "SoladyToken", "Deed", "Share")
    path = str((SOURCES / "Tokens.sol").relative_to(ROOT))
    return _artifacts(Build({path: names}, runs=profile()["optimizer_runs"], via_ir=profile()["via_ir"]))


def seaport() -> dict[str, Any]:
    """Seaport and its conduit controller. This compiler can't take them through the IR, as theirs did (docs/gas.md)."""
    folder = "node_modules/seaport-core/src"
    sources = {f"{folder}/{name}.sol": (name.rpartition("/")[2],) for name in ("Seaport", "conduit/ConduitController")}
    return _artifacts(Build(sources, runs=SEAPORT_RUNS, via_ir=False))


def versions() -> dict[str, str]:
    """The version of each package that peers are built from."""
    packages = {name: ROOT / "node_modules" / name / "package.json" for name in PACKAGES}
    return {name: json.loads(path.read_text())["version"] for name, path in packages.items()}


def _artifacts(build: Build) -> dict[str, Any]:
    """What a compile gives, kept in `.build` under the hash of all that went into it."""
    request = _request(build)
    facts = json.dumps([request, versions(), json.loads((ROOT / "node_modules/solc/package.json").read_text())])
    kept = KEPT / f"{hashlib.sha256(facts.encode()).hexdigest()}.json"
    if not kept.exists():
        compiled = run_compiler(ROOT / profile()["solc"], request)["contracts"]
        found = {
            name: {"abi": output["abi"], "bytecode": "0x" + output["evm"]["bytecode"]["object"]}
            for source, names in build.sources.items()
            for name, output in compiled[source].items()
            if name in names
        }
        KEPT.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(".draft")
        draft.write_text(json.dumps(found))
        draft.replace(kept)
    artifacts: dict[str, Any] = json.loads(kept.read_text())
    return artifacts


def _request(build: Build) -> dict[str, Any]:
    outputs = ["abi", "evm.bytecode.object"]
    return {
        "language": "Solidity",
        "sources": {path: {"content": (ROOT / path).read_text()} for path in build.sources},
        "settings": {
            "remappings": [f"{name}/=node_modules/{name}/" for name in PACKAGES],
            "optimizer": {"enabled": True, "runs": build.runs},
            "evmVersion": profile()["evm_version"],
            "viaIR": build.via_ir,
            "outputSelection": {path: dict.fromkeys(names, outputs) for path, names in build.sources.items()},
        },
    }
