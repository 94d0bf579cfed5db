"""What a newcomer types first."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


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


@pytest.mark.parametrize(
    ("moment", "last_words", "exit_code"),
    [
        pytest.param("2. A fortnight", "ccm: the demo was stopped before its end", 1, id="in the midst of the story"),
        pytest.param("Ctrl-C ends the demo.", "demo: ok", 0, id="after it"),
    ],
)
def test_in_a_terminal_the_demo_serves_until_ctrl_c(
    stack_data: Path, moment: str, last_words: str, exit_code: int
) -> None:
    command = [sys.executable, "-m", "ccm", "demo", "--data", str(stack_data), "--port", "0"]
    with subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-c", IN_A_TERMINAL, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as terminal:
        assert terminal.stdin is not None
        assert terminal.stdout is not None
        said, pressed = "", False
        while part := terminal.stdout.read(4096):
            said += part.decode(errors="replace")
            if moment in said and not pressed:
                terminal.stdin.write(b"\x03")
                pressed = True
    assert terminal.returncode == exit_code, said
    assert said.rstrip().endswith(last_words), said
    assert "Traceback" not in said
