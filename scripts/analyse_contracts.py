"""Has Slither look for known kinds of faults in our contracts; holds what it finds against `docs/static-analysis.md`.

Everything that Slither finds is either mended, or explained on that page under the detector's name and the place:
``- `detector Contract.function`: reason``. Exits 1 where a finding is not explained, or an explanation has no finding.

Slither lives in an environment of its own (`make contracts-analysis` sets it up) and compiles with our executable.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from scripts.compile_contracts import compiler_settings
from scripts.explanations import explained

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "contracts" / "tools"
PAGE = ROOT / "docs" / "static-analysis.md"
WORK = ROOT / ".build" / "analysis"
SLITHER = ROOT / ".venv-analysis" / "bin" / "slither"


def write_request(profile: dict[str, Any]) -> Path:
    """Write what Slither has our compiler compile: every source file of ours, under the settings of `foundry.toml`."""
    sources = [str(path.relative_to(ROOT)) for path in sorted((ROOT / profile["src"]).rglob("*.sol"))]
    request = {
        "language": "Solidity",
        "sources": {source: {"urls": [source]} for source in sources},
        "settings": compiler_settings(profile),
    }
    file = WORK / "request.json"
    WORK.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(request))
    return file


def run_slither(request: Path) -> list[dict[str, Any]]:
    """What Slither finds in our own files; raises CalledProcessError where it fails."""
    answer = WORK / "findings.json"
    answer.unlink(missing_ok=True)
    compiler = [
        "--compile-force-framework",
        "solc-json",
        "--solc",
        str(TOOLS / "solc"),
        "--solc-working-dir",
        str(ROOT),
    ]
    done = subprocess.run(  # noqa: S603 - our own executable
        [str(SLITHER), str(request), *compiler, "--filter-paths", "node_modules", "--json", str(answer)],
        env={**os.environ, "HOME": str(ROOT / ".build" / "home"), "PATH": f"{TOOLS}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    found: dict[str, Any] = (
        json.loads(answer.read_text()) if answer.exists() else {"success": False, "error": done.stderr}
    )
    if not found["success"]:
        raise subprocess.CalledProcessError(done.returncode, str(SLITHER), stderr=found["error"])
    findings: list[dict[str, Any]] = found["results"].get("detectors", [])
    return findings


def name_of(finding: dict[str, Any]) -> str:
    """The detector, and the function or contract in which it found something."""
    element = finding["elements"][0]
    place = [element["name"]]
    while (element := element.get("type_specific_fields", {}).get("parent")) and element["type"] != "file":
        place.insert(0, element["name"])
    return f"{finding['check']} {'.'.join(place[:2])}"


def main() -> int:
    """Run Slither; print what is not explained; returns the exit code."""
    profile: dict[str, Any] = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    try:
        findings = run_slither(write_request(profile))
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        return 1
    reasons = explained(PAGE)
    by_name = {name_of(finding): finding for finding in findings}
    for name in sorted(by_name.keys() - reasons.keys()):
        print(f"not explained: {name}\n{by_name[name]['description']}", file=sys.stderr)
    for name in sorted(reasons.keys() - by_name.keys()):
        print(f"explained, but not found: {name}", file=sys.stderr)
    print(f"slither: {len(findings)} findings, {len(by_name.keys() & reasons.keys())} explanations")
    return 0 if by_name.keys() == reasons.keys() else 1


if __name__ == "__main__":
    sys.exit(main())
