"""Programs of the tests in processes of their own, so that a fault point can kill them."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
"""How a process ends that a fault point killed."""


async def in_a_process(program: str, *arguments: str, fault: str = "", **environment: str) -> tuple[int | None, str]:
    """Runs `tests/support/{program}.py`, which dies where the fault says; how it ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.support.{program}", *arguments),
        cwd=ROOT,
        env=os.environ | environment | {"CCM_FAULT": fault},
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    return process.returncode, told.decode()
