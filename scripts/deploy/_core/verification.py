"""What block explorers ask for to show a contract's source: the compiler's whole input, and the arguments."""

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ledger.kernel.address_book import AddressBook
from scripts.compile_contracts import CONTRACTS, compiler_input
from scripts.deploy._core.artifacts import ROOT, artifact

FOLDER = ROOT / ".build" / "verification"
LIST = "contracts.json"
IMPORT = re.compile(r'^\s*import\s+(?:[^";]*\bfrom\s+)?"([^"]+)"\s*;', re.MULTILINE)


def standard_input(contract: str) -> dict[str, Any]:
    """The standard JSON from which a compiler makes exactly the committed bytecode, with every source inside."""
    profile = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    request = compiler_input(profile)
    source = CONTRACTS[contract]
    settings = request["settings"]
    return {
        **request,
        "sources": dict(sorted(_sources(source, settings["remappings"]).items())),
        "settings": {
            **settings,
            "outputSelection": {source: {contract: settings["outputSelection"][source][contract]}},
        },
    }


def write(book: AddressBook, folder: Path) -> list[Path]:
    """Writes the input of each contract in the book, and a list of them with addresses and encoded arguments."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in dict.fromkeys(each.name for each in book.contracts):
        file = folder / f"{name}.json"
        file.write_text(json.dumps(standard_input(name), indent=2) + "\n")
        written.append(file)
    listed = folder / LIST
    listed.write_text(json.dumps(list(_listed(book)), indent=2) + "\n")
    return [*written, listed]


def _listed(book: AddressBook) -> Iterator[dict[str, object]]:
    for each in book.contracts:
        yield {
            "chainId": book.chain_id,
            "address": each.address,
            "contract": f"{CONTRACTS[each.name]}:{each.name}",
            "token": each.token,
            "compilerVersion": "v" + artifact(each.name)["compiler"]["version"],
            "input": f"{each.name}.json",
            "constructorArguments": each.encoded_arguments,
        }


def _sources(source: str, remappings: list[str]) -> dict[str, dict[str, str]]:
    """A source and all that it imports, by the names under which the compiler knows them."""
    prefixes = dict(each.split("=", 1) for each in remappings)
    found: dict[str, dict[str, str]] = {}
    pending = [source]
    while pending:
        name = pending.pop()
        if name not in found:
            content = (ROOT / name).read_text()
            found[name] = {"content": content}
            pending += [_resolved(name, imported, prefixes) for imported in IMPORT.findall(content)]
    return found


def _resolved(importer: str, imported: str, prefixes: Mapping[str, str]) -> str:
    if imported.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(importer), imported))
    for prefix, folder in prefixes.items():
        if imported.startswith(prefix):
            return folder + imported.removeprefix(prefix)
    return imported
