"""JSON whose numbers stay what they are: read as int and Decimal, written without an exponent and never by a float."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec
from pydantic import BaseModel

from ledger.kernel.clock import iso
from ledger.kernel.units import Quantity

LONGEST_NUMBER = 400  # characters: the longest exact decimal of a binary double that anybody writes fits
LARGEST_EXPONENT = 308  # of ten, in what a binary double holds; beyond it clients read infinity
SMALLEST_EXPONENT = -324
DEEPEST = 64  # objects and lists inside each other

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class UnreadableJson(ValueError):
    """The text is not one JSON document that could be taken at its word. Its message says why."""


def decode(text: bytes) -> Any:
    """The one document in `text`: whole numbers as int, others as Decimal, every digit kept.

    Raises:
        UnreadableJson: no UTF-8, no JSON, more than one document, a field named twice, NaN, an infinity, a number
            that no binary double could hold, nesting beyond reason, or text that no database could keep.
    """
    _refuse_depth(text)
    try:
        document = json.loads(
            text.decode("utf-8"),
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_refuse_constant,
            object_pairs_hook=_fields,
        )
    except UnicodeDecodeError as error:
        raise UnreadableJson(f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise UnreadableJson(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    if b"\\u" in text:  # only an escape can bring in what UTF-8 itself cannot say
        _refuse_unstorable(document)
    return document


def encode(value: object) -> bytes:
    """The value as JSON: models by their aliases, decimals as plain numbers, moments in UTC with a Z.

    Raises:
        TypeError: a float, a quantity without its unit, or anything else that has no exact form.
    """
    return msgspec.json.encode(_encodable(value))


def number_text(number: Decimal) -> str:
    """The shortest plain form of the number: 25.5, 0.001, 1000; every digit, no exponent.

    Raises:
        ValueError: the number is not finite.
    """
    if not number.is_finite():
        raise ValueError(f"{number} is no JSON number")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _refuse_depth(text: bytes) -> None:
    """Refuses nesting beyond reason before the parser meets it: it recurses on the C stack, which ends in a crash."""
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", text)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEEPEST:
            raise UnreadableJson(f"the body is nested more than {DEEPEST} deep")


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise UnreadableJson(f"a number of {len(text)} digits is beyond any register")
    number = int(text)
    _refuse_out_of_range(Decimal(number), text)
    return number


def _fraction(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise UnreadableJson(f"a number of {len(text)} characters is finer than anything measured")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UnreadableJson(f"{text} is no number that could be held") from None
    _refuse_out_of_range(number, text)
    return number


def _refuse_out_of_range(number: Decimal, text: str) -> None:
    if number and not SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT:
        raise UnreadableJson(f"{text} is beyond what a JSON number can carry")


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableJson(f"{name} is no JSON number")


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a name comes twice: then nobody knows which was meant."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in {other for other, _ in pairs[:index]})
        raise UnreadableJson(f"the field {twice[:100]!r} comes twice")
    return fields


def _refuse_unstorable(value: Any) -> None:
    """Refuses half a surrogate pair and the NUL character, anywhere inside."""
    match value:
        case dict():
            for name, inner in value.items():
                _refuse_unstorable(name)
                _refuse_unstorable(inner)
        case list():
            for inner in value:
                _refuse_unstorable(inner)
        case str() if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise UnreadableJson("a text holds a NUL character or half a surrogate pair")
        case _:
            pass


def _encodable(value: object) -> object:
    """The value out of what the encoder writes exactly."""
    match value:
        case Mapping():
            return {str(name): _encodable(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_encodable(inner) for inner in value]
        case BaseModel():
            return _encodable(value.model_dump(by_alias=True))
        case _:
            return _encodable_scalar(value)


def _encodable_scalar(value: object) -> object:
    """The same for what holds nothing else."""
    match value:
        case Decimal():
            return msgspec.Raw(number_text(value).encode())
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case Quantity():
            raise TypeError(f"an answer says its unit: {type(value).__name__} is not to be sent as it is")
        case None | bool() | str() | int():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no exact JSON form")
