"""What an operator reads: the plan before anything is sent, as a table."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal

from scripts.deploy._core.carry_out import Fees
from scripts.deploy._core.check import Finding
from scripts.deploy._core.config import Target
from scripts.deploy._core.stock import Stock

WEI_PER_COIN = Decimal(10**18)
WEI_PER_GWEI = Decimal(10**9)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows under headings, each column as wide as its widest cell; the columns of `right` end together."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join([line(headings), "  ".join("-" * width for width in widths), *map(line, rows)])


def plan(target: Target, stock: Stock, fees: Fees, balance_wei: int) -> str:
    """Everything that is to be sent, what it makes and costs, and who will hold which role."""
    rows, left = [], {step.purpose for step in stock.left}
    for number, step in enumerate(stock.steps, start=1):
        gas, cost = (f"{step.gas:,}", in_coin(step.gas * fees.price_wei)) if step.purpose in left else ("-", "done")
        purpose = step.purpose.removesuffix(f" to {step.concerns}")
        rows.append((str(number), str(step.nonce), purpose, step.concerns, gas, cost))
    headings = ("#", "nonce", "transaction", "address", "gas", target.network.native)
    return "\n".join(
        [
            *_heading(target, stock),
            "",
            table(headings, rows, right=(0, 1, 4, 5)),
            "",
            *_sum(target, stock, fees, balance_wei),
        ]
    )


def _heading(target: Target, stock: Stock) -> Iterator[str]:
    book = stock.book
    yield f"network   {target.name} (chain {book.chain_id}), a {target.network.kind} network"
    yield f"deployer  {book.deployer}, from nonce {book.first_nonce}"
    yield f"admin     {book.multisig}, once the deployer has renounced"
    for role, holders in target.holders.items():
        yield f"{role:<10}{', '.join(holders) or 'nobody'}"
    if book.coin:
        yield f"coin      {book.coin.symbol} at {book.coin.address}, {book.coin.decimals} decimals"
    hours = target.contracts.delay_hours
    yield f"delay     {hours} hours before a new issuer or verifier counts, or a change of who may call what"


def _sum(target: Target, stock: Stock, fees: Fees, balance_wei: int) -> Iterator[str]:
    gas = gas_left(stock)
    native = target.network.native
    yield f"{len(stock.left)} of {len(stock.steps)} transactions to send, about {gas:,} gas"
    yield f"at {fees.price_wei / WEI_PER_GWEI:.3f} gwei: {in_coin(gas * fees.price_wei)} {native}"
    yield f"the deployer has {in_coin(balance_wei)} {native}"


def gas_left(stock: Stock) -> int:
    """What the steps that are left are estimated to use."""
    return sum(step.gas for step in stock.left)


def in_coin(wei: int) -> str:
    """An amount of the native coin for reading, to a millionth, rounded up."""
    millionths_up = -(-wei // 10**12)
    return f"{millionths_up // 10**6:,}.{millionths_up % 10**6:06d}"


def findings(found: Sequence[Finding], *, only_differences: bool = False) -> str:
    """What was read back, as a table, and how much of it agrees."""
    differing = [each for each in found if not each.agrees]
    shown = differing if only_differences else found
    rows = [
        (("ok" if each.agrees else "DIFFERS"), each.subject, each.what, each.expected, _found(each)) for each in shown
    ]
    summary = (
        f"{len(found)} facts read from the chain, {len(differing)} of them differ"
        if differing
        else (f"{len(found)} facts read from the chain, all as they should be")
    )
    return "\n".join([*([table(("", "contract", "what", "expected", "found"), rows), ""] if rows else []), summary])


def as_json(found: Sequence[Finding]) -> str:
    """The same for programs."""
    facts = [{**asdict(each), "agrees": each.agrees} for each in found]
    return json.dumps({"agrees": all(each.agrees for each in found), "facts": facts}, indent=2)


def _found(finding: Finding) -> str:
    return "the same" if finding.agrees else finding.found
