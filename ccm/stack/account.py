"""Who PostgreSQL runs as: it refuses root, so root hands it to an account that can do nothing else."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from ccm.stack.errors import StackError


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether this process already runs as that user."""
        return self.uid == os.geteuid()

    def may(self, wanted: int, path: Path) -> bool:
        """Whether the permission bits give this account `wanted` (4 read, 2 write, 1 enter or run) on a path."""
        found = path.stat()
        if self.uid == found.st_uid:
            granted = stat.S_IMODE(found.st_mode) >> 6
        elif self.gid == found.st_gid:
            granted = stat.S_IMODE(found.st_mode) >> 3
        else:
            granted = stat.S_IMODE(found.st_mode)
        return granted & wanted == wanted

    def may_reach(self, folder: Path) -> bool:
        """Whether this account can enter the folder, which means every folder above it too."""
        if self.is_us:
            return True
        resolved = folder.resolve()
        return all(self.may(1, each) for each in (resolved, *resolved.parents))

    def own(self, path: Path) -> None:
        """Gives a file or folder of ours to the account."""
        if not self.is_us:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account() -> Account:
    """Us; or for root the account `postgres` where there is one, else `nobody`.

    initdb looks its user up, so an account without a passwd entry does not do.
    """
    if os.geteuid() != 0:
        return Account(name=_name_of(os.geteuid()), uid=os.geteuid(), gid=os.getegid())
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=found.pw_uid, gid=found.pw_gid)
    raise StackError(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor a user `nobody`. "
        "Run as another user, or set DATABASE_URL to a PostgreSQL that runs already."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise StackError(
            f"PostgreSQL needs to know its user, and the user number {uid} has no passwd entry. "
            "Add one, or set DATABASE_URL to a PostgreSQL that runs already.",
            uid=uid,
        ) from None
