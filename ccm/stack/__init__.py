"""The embedded stack: a real PostgreSQL and a real EVM node, started and stopped by us."""

from ccm.stack.anvil import EmbeddedAnvil
from ccm.stack.errors import AlreadyRunning, NoUsableState, PortTaken, StackError
from ccm.stack.postgres import EmbeddedPostgres
from ccm.stack.run import Roles, run
from ccm.stack.runfile import RunFile

__all__ = [
    "AlreadyRunning",
    "EmbeddedAnvil",
    "EmbeddedPostgres",
    "NoUsableState",
    "PortTaken",
    "Roles",
    "RunFile",
    "StackError",
    "run",
]
