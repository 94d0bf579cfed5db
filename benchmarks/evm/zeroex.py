"""0x's native orders beside our market's, from the bytecode in the npm package that 0x deploys from."""

import base64
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.evm.chain import Chain, Contract, Mined
from benchmarks.evm.peers import KEPT
from benchmarks.evm.world import ADMIN, NO_END
from ledger.chain import NOBODY
from ledger.chain.custody import LocalSigner

VERSION = "0.38.6"
PACKAGE = f"@0x/contracts-zero-ex@{VERSION}"
INTEGRITY = "sha512-SeDDfexphDVOubNosO6PkvA9Grt5MGgT8bodUF+AODXiJ+CHYxWtBT7WYYkIvEmMYK0RMrtwtHRv8J9FgqV+Og=="
TARBALL = KEPT / f"0x-contracts-zero-ex-{VERSION}.tgz"
ARTIFACT = "package/lib/generated-artifacts/{}.json"

NOTHING = bytes(32)
EIP712 = 2
"""0x's kind of signature over typed data."""


class Unobtainable(Exception):
    """The package can't be fetched, or it is not the one that was measured before."""


def fetch() -> None:
    """Fetches the package's tarball once. It is never installed: what it depends on is not needed to read bytecode.

    Raises:
        Unobtainable: npm can't fetch it, or its content is another.
    """
    if not TARBALL.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", "--pack-destination", str(KEPT), PACKAGE]
        try:
            environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603  # npm
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", "") or error
            raise Unobtainable(f"npm can't fetch {PACKAGE}: {reason}") from None
    found = "sha512-" + base64.b64encode(hashlib.sha512(TARBALL.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise Unobtainable(f"{TARBALL} is not the {PACKAGE} that is expected; remove it and try again.")


@cache
def artifact(name: str) -> dict[str, Any]:
    """ABI and bytecode of a contract of the package."""
    with tarfile.open(TARBALL) as tarball:
        member = tarball.extractfile(ARTIFACT.format(name))
        if member is None:
            raise Unobtainable(f"{PACKAGE} has no {name}.")
        output = json.load(member)["compilerOutput"]
    return {"abi": output["abi"], "bytecode": output["evm"]["bytecode"]["object"]}


class ZeroEx:
    """0x's exchange proxy on a chain, with its limit orders, its batch fills and its OTC orders."""

    def __init__(self, chain: Chain, proxy: bytes) -> None:
        self.chain = chain
        self.native = Contract(proxy, artifact("NativeOrdersFeature")["abi"])
        self.batch = Contract(proxy, artifact("BatchFillNativeOrdersFeature")["abi"])
        self.otc = Contract(proxy, artifact("OtcOrdersFeature")["abi"])
        self._salts: Iterator[int] = itertools.count(1)

    def limit_order(self, maker: LocalSigner, given: tuple[bytes, int], asked: tuple[bytes, int]) -> tuple[Any, ...]:
        """An order of so much of one token for so much of another, that anybody fills in parts, at no fee."""
        tokens = (given[0], asked[0], given[1], asked[1], 0)
        return (*tokens, maker.address, NOBODY, NOBODY, NOBODY, NOTHING, NO_END, next(self._salts))

    def otc_order(
        self, maker: LocalSigner, taker: LocalSigner, given: tuple[bytes, int], asked: tuple[bytes, int]
    ) -> tuple[Any, ...]:
        """An order that one taker fills once, whole, out of the maker's sequence of nonces."""
        tokens = (given[0], asked[0], given[1], asked[1])
        return (*tokens, maker.address, taker.address, taker.address, NO_END << 192 | next(self._salts))

    async def fill_limit(self, taker: LocalSigner, maker: LocalSigner, order: tuple[Any, ...], total: int) -> Mined:
        """Has the taker fill a limit order for `total` of what it asks for."""
        signature = await self._sign(maker, "getLimitOrderHash", order)
        return await self._send(taker, self.native.data("fillLimitOrder", order, signature, total))

    async def fill_limits(
        self, taker: LocalSigner, makers: Sequence[LocalSigner], orders: Sequence[tuple[Any, ...]], total: int
    ) -> Mined:
        """Has the taker fill several limit orders in one call, each for `total` of what it asks for."""
        signatures = [
            await self._sign(maker, "getLimitOrderHash", order) for maker, order in zip(makers, orders, strict=True)
        ]
        data = self.batch.data("batchFillLimitOrders", orders, signatures, [total] * len(orders), True)
        return await self._send(taker, data)

    async def fill_otc(self, taker: LocalSigner, maker: LocalSigner, order: tuple[Any, ...]) -> Mined:
        """Has the taker fill an OTC order whole."""
        order_hash = await self.chain.read(self.otc, "getOtcOrderHash", order)
        data = self.otc.data("fillOtcOrder", order, _signature(maker, order_hash), order[3])
        return await self._send(taker, data)

    async def _sign(self, maker: LocalSigner, hasher: str, order: tuple[Any, ...]) -> tuple[Any, ...]:
        return _signature(maker, await self.chain.read(self.native, hasher, order))

    async def _send(self, sender: LocalSigner, data: bytes) -> Mined:
        return await self.chain.send(sender.address, self.native.address, data)


def _signature(maker: LocalSigner, digest: bytes) -> tuple[int, int, bytes, bytes]:
    signed = maker.sign(digest)
    return (EIP712, signed[64], signed[:32], signed[32:64])


async def deploy_zeroex(chain: Chain) -> ZeroEx:
    """Deploys the proxy as 0x's own migrations do, with a protocol fee of nothing."""
    owner = ADMIN.address
    migration = await chain.create(owner, artifact("InitialMigration"), owner)
    proxy = await chain.create(owner, artifact("ZeroEx"), migration.address)
    first = [await chain.create(owner, artifact(f"{name}Feature")) for name in ("SimpleFunctionRegistry", "Ownable")]
    initialise = migration.data("initializeZeroEx", owner, proxy.address, [each.address for each in first])
    await chain.send(owner, migration.address, initialise)
    controller = await chain.create(owner, artifact("FeeCollectorController"), NOBODY, NOBODY)
    ownable = Contract(proxy.address, first[1].abi)
    for name, arguments in (
        ("NativeOrdersFeature", (NOBODY, NOBODY, controller.address, 0)),
        ("BatchFillNativeOrdersFeature", ()),
        ("OtcOrdersFeature", (NOBODY,)),
    ):
        feature = await chain.create(owner, artifact(name), proxy.address, *arguments)
        migrate = ownable.data("migrate", feature.address, feature.data("migrate"), owner)
        await chain.send(owner, proxy.address, migrate)
    return ZeroEx(chain, proxy.address)
