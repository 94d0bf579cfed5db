"""A Foundry project as the mutation run sees it: its settings, its sources with their syntax trees, its compiler."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from scripts.compile_contracts import compiler_settings
from scripts.mutation.operators import Node, children

TOOLS = Path(__file__).resolve().parents[2] / "contracts" / "tools"

#: The creation code of each contract by its name.
Bytecode = dict[str, str]


class CompileError(Exception):
    """The compiler refused the sources, in these words."""


@dataclass(frozen=True)
class Compiler:
    """The compiler, loaded once: answers one request after the other."""

    requests: IO[str]
    answers: IO[str]

    def compile(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a standard JSON request; raises CompileError where that holds an error."""
        self.requests.write(json.dumps(request) + "\n")
        self.requests.flush()
        answer: dict[str, Any] = json.loads(self.answers.readline())
        if errors := [entry["message"] for entry in answer.get("errors", ()) if entry["severity"] == "error"]:
            raise CompileError("\n".join(errors))
        return answer


@contextmanager
def compiler(root: Path) -> Iterator[Compiler]:
    """Load the compiler over the sources below `root`, until the block is left."""
    command = [str(TOOLS / "solc"), "--standard-json-lines", "--base-path", str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own executable
        assert process.stdin, "it was asked for"  # noqa: S101 - a pipe that was asked for is there
        assert process.stdout, "it was asked for"  # noqa: S101 - the same
        yield Compiler(process.stdin, process.stdout)
        process.stdin.close()


@dataclass(frozen=True)
class Project:
    """The project below `root`, whose `foundry.toml` names the folder of its sources."""

    root: Path

    @cached_property
    def profile(self) -> dict[str, Any]:
        """The settings of the default profile."""
        profile: dict[str, Any] = tomllib.loads((self.root / "foundry.toml").read_text())["profile"]["default"]
        return profile

    @cached_property
    def sources(self) -> dict[str, str]:
        """The text of each source file by its path from the root."""
        files = sorted((self.root / self.profile["src"]).rglob("*.sol"))
        return {str(file.relative_to(self.root)): file.read_text() for file in files}

    def request(self, sources: dict[str, str], selection: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
        """What to ask the compiler about these sources; without the hash of the sources that it appends to code."""
        metadata = {"appendCBOR": False, "bytecodeHash": "none"}
        return {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": {**compiler_settings(self.profile), "metadata": metadata, "outputSelection": selection},
        }

    def trees(self, solc: Compiler) -> dict[str, Node]:
        """The syntax tree of each source file."""
        answer = solc.compile(self.request(self.sources, {path: {"": ["ast"]} for path in self.sources}))
        return {path: answer["sources"][path]["ast"] for path in self.sources}

    def bytecode(self, solc: Compiler, contracts: dict[str, str], changed: dict[str, str] | None = None) -> Bytecode:
        """Compile contracts, given with the path of each, where some files have another text."""
        changed = changed or {}
        sources = {path: self.sources[path] for path in contracts.values()} | changed
        selection: dict[str, dict[str, list[str]]] = {}
        for name, path in contracts.items():
            selection.setdefault(path, {})[name] = ["evm.bytecode.object"]
        answer = solc.compile(self.request(sources, selection))["contracts"]
        return {name: "0x" + answer[path][name]["evm"]["bytecode"]["object"] for name, path in contracts.items()}


def deployable(trees: dict[str, Node]) -> dict[str, str]:
    """The path of each contract that can be deployed, by its name."""
    return {
        node["name"]: path
        for path, tree in trees.items()
        for node in children(tree)
        if node.get("contractKind") == "contract" and not node["abstract"]
    }


def readers(trees: dict[str, Node], path: str) -> set[str]:
    """The files that import a file, directly or not, and the file itself."""
    imports = {
        file: {node["absolutePath"] for node in children(tree) if node["nodeType"] == "ImportDirective"}
        for file, tree in trees.items()
    }
    found = {path}
    while more := {file for file, imported in imports.items() if imported & found} - found:
        found |= more
    return found
