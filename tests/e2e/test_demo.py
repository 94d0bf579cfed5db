"""What a newcomer types first."""

import re
import subprocess
import sys
from pathlib import Path


def test_the_demo_tells_the_story_and_ends_well(stack_data: Path) -> None:
    command = [sys.executable, "-m", "ccm", "demo", "--once", "--data", str(stack_data), "--port", "0"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)  # noqa: S603  # our own command
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.rstrip().endswith("demo: ok")
    for figure in ("10,315.29", "8,925.46", "1,389.83", "150.359", "48 half-hours"):
        assert figure in told.stdout
    assert len(re.findall(r"tx 0x[0-9a-f]{64}", told.stdout)) == len(("mint", "list", "buy", "retire"))
    certificate = re.search(r"RET-\d{4}-\d{4}\.pdf", told.stdout)
    assert certificate is not None
    assert (stack_data / "certificates" / certificate[0]).read_bytes().startswith(b"%PDF-")
