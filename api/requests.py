"""Bodies of requests: decoded exactly, checked against their schema, refused with the name of what is wrong."""

from collections.abc import Generator
from difflib import get_close_matches
from typing import Any, TypeVar

from litestar import MediaType
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition
from pydantic import ValidationError

from api.exact import UnreadableJson, decode
from api.schemas import Body
from ledger.kernel.errors import CcmError, InvalidInput

LARGEST_BODY = 1_000_000  # bytes
LIKENESS = 0.7  # from which an unknown field is taken for a misspelt one, as difflib measures it

BodyT = TypeVar("BodyT", bound=Body)
Opt = dict[str, Any]


def bad_body(kind: type[CcmError]) -> Opt:
    """For a route's or a controller's `opt`: the error that its unfit bodies are refused with."""
    return {"invalid_body": kind}


def parse(model: type[BodyT], document: object, invalid: type[CcmError]) -> BodyT:
    """The document as the schema describes it.

    Raises:
        CcmError: of the kind `invalid`; it names every field that is missing, misspelt or makes no sense.
    """
    if not isinstance(document, dict):
        raise invalid("The body must be a JSON object.")
    try:
        body = model.model_validate(document)
    except ValidationError as error:
        faults = [_fault(model, document, each) for each in error.errors(include_url=False, include_input=False)]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise invalid(f"{faults[0]['field']} {faults[0]['reason']}{more}.", fields=faults) from None
    _require_an_alternative(model, document, invalid)
    return body


async def refuse_nul(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuses a NUL character in the path or the query: no database keeps it.

    Raises:
        InvalidInput: there is one.
    """
    if "\0" in connection.scope["path"] or b"%00" in connection.scope["query_string"]:
        raise InvalidInput("The address holds a NUL character; leave it out.")


class ExactJson(AbstractDTO[Body]):
    """Litestar's way to a handler's `data`: our decoder and Pydantic, with the route's own error for unfit bodies."""

    model_type = Body

    def decode_bytes(self, value: bytes) -> Any:
        """The handler's body.

        Raises:
            HTTPException: 415, the body does not say that it is JSON.
            CcmError: of the route's kind, for any other fault.
        """
        handler = self.asgi_connection.route_handler
        invalid = handler.opt.get("invalid_body", InvalidInput)
        media_type = self.asgi_connection.headers.get("content-type", MediaType.JSON).partition(";")[0].strip().lower()
        if media_type != MediaType.JSON and not media_type.endswith("+json"):
            raise HTTPException(f"Send the body as application/json, not {media_type[:100]}.", status_code=415)
        try:
            document = decode(value)
        except UnreadableJson as error:
            raise invalid(f"The request cannot be read: {error}.") from None
        return parse(handler.parsed_data_field.annotation, document, invalid)

    @classmethod
    def create_for_field_definition(cls, field_definition: FieldDefinition, handler_id: str, *_: Any) -> None:
        """Nothing to prepare: the schema is the model itself, not one derived from it."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,  # noqa: ARG003  # Litestar's signature
        schema_creator: Any,
    ) -> Reference | Schema:
        """The model's own schema."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:  # noqa: ARG003  # the same
        """None: no schema is derived."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:  # noqa: ARG003  # the same
        """Never asked for, as there are no fields."""
        return False


def _fault(model: type[Body], document: dict[str, Any], error: Any) -> dict[str, str]:
    """One of Pydantic's findings, as field and reason; a missing field with the name that it was misspelt as."""
    path = error["loc"]
    where = ".".join(str(step) for step in path) or "The body"
    if error["type"] == "missing":
        holder: Any = document
        for step in path[:-1]:
            holder = holder[step]
        known = _names(model) if len(path) == 1 else ()
        return {"field": where, "reason": "is missing" + _perhaps([path[-1]], holder, known)}
    cause = error.get("ctx", {}).get("error")
    message = str(cause) if cause is not None else error["msg"]
    return {"field": where, "reason": message.replace("Input should be", "should be").rstrip(".")}


def _require_an_alternative(model: type[Body], document: dict[str, Any], invalid: type[CcmError]) -> None:
    """Refuses a body that has none of the fields of which it needs one."""
    wanted = model.needs_one_of
    if wanted and all(document.get(name) is None for name in wanted):
        hint = _perhaps(wanted, document, _names(model))
        raise invalid(f"One of {', '.join(wanted)} is needed{hint}.", needsOneOf=list(wanted))


def _perhaps(wanted: list[Any] | tuple[str, ...], holder: Any, known: tuple[str, ...]) -> str:
    """Asks about the unknown field that looks most like a wanted one, if any does."""
    unknown = [name for name in holder if name not in known]
    for name in wanted:
        if close := get_close_matches(name, unknown, n=1, cutoff=LIKENESS):
            return f"; did you mean {name} by {close[0]}?"
    return ""


def _names(model: type[Body]) -> tuple[str, ...]:
    """The schema's fields by their JSON names."""
    return tuple(field.alias or name for name, field in model.model_fields.items())
