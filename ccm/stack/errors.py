"""What can go wrong around the embedded stack."""

from ledger.kernel.errors import CcmError


class StackError(CcmError):
    """A part of the embedded stack could not start, or ended by itself."""

    code = "STACK_FAILED"


class AlreadyRunning(StackError):
    """Another `ccm up` uses the same data folder."""

    code = "ALREADY_RUNNING"


class PortTaken(StackError):
    """The port that was asked for belongs to another program."""

    code = "PORT_TAKEN"


class NoUsableState(StackError):
    """Every saved state of the development chain is damaged."""

    code = "NO_USABLE_STATE"
