"""The service's own description: a document for programs, and a page for people that needs no other server."""

import re
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    Schema,
    SecurityScheme,
)
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.status_codes import HTTP_404_NOT_FOUND
from litestar.types import Method
from litestar.typing import FieldDefinition
from pydantic.alias_generators import to_camel

from api.auth import is_public
from api.schemas import ChainAnswer
from api.writes import LONGEST_WAIT_SECONDS

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator

VERSION = "1.0.0"  # of the standard's REST interface

PROBLEM = Schema(
    type=OpenAPIType.OBJECT,
    description="Why a request was refused.",
    required=["error"],
    properties={
        "error": Schema(
            type=OpenAPIType.OBJECT,
            required=["code", "number", "message", "requestId"],
            properties={
                "code": Schema(type=OpenAPIType.STRING, description="For programs, e.g. INSUFFICIENT_CREDITS."),
                "number": Schema(
                    type=[OpenAPIType.INTEGER, OpenAPIType.NULL], description="The standard's number, where it has one."
                ),
                "message": Schema(type=OpenAPIType.STRING, description="For people: what is wrong and what to do."),
                "details": Schema(type=OpenAPIType.OBJECT, description="The facts, for programs."),
                "requestId": Schema(type=OpenAPIType.STRING, description="To ask about."),
            },
        )
    },
)

IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    description="Lets the write happen at most once: the same request again gets the same answer.",
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=255),
)

PREFER = Parameter(
    name="Prefer",
    param_in="header",
    description="wait=N: how many seconds to wait for the chain before the answer is `pending`, "
    f"up to {LONGEST_WAIT_SECONDS}.",
    schema=Schema(type=OpenAPIType.STRING),
)


class SchemaPage(OpenAPIRenderPlugin):
    """A page that reads /schema/openapi.json in the browser and shows it."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002  # Litestar's signature
        """The page, the same for every document."""
        return _asset("schema.html")

    def receive_router(self, router: Router) -> None:
        """Adds what the page loads."""
        router.register(script)
        router.register(style)


@get("/schema.js", media_type="text/javascript", sync_to_thread=False)
def script() -> bytes:
    """The page's script."""
    return _asset("schema.js")


@get("/schema.css", media_type=MediaType.CSS, sync_to_thread=False)
def style() -> bytes:
    """The page's style."""
    return _asset("schema.css")


class Document(JsonRenderPlugin):
    """The description as JSON, its decimals as the numbers that they are."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002  # Litestar's signature
        """The document."""
        return msgspec.json.Encoder(decimal_format="number").encode(openapi_schema)


class PlainNumbers(OpenAPISchemaPlugin):
    """Describes decimals as what they are in our JSON: numbers."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Whether the type is ours to describe."""
        return value is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Schema:  # noqa: ARG002  # Litestar's signature
        """A number."""
        return Schema(type=OpenAPIType.NUMBER)


def config() -> OpenAPIConfig:
    """How Litestar describes the service."""
    return OpenAPIConfig(
        title="Carbon Credit Micro",
        version=VERSION,
        description="Emissions in kg CO2e, credits in tCO2e, each beside its unit. Numbers are exact decimals.",
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        openapi_router=Router("/schema", route_handlers=(), include_in_schema=False, after_request=_refuse_unknown),
        render_plugins=[SchemaPage(), Document()],
        components=Components(
            security_schemes={
                "apiKey": SecurityScheme(type="http", scheme="bearer", description="An API key, wccm_…"),
            }
        ),
        security=[{"apiKey": []}],
    )


def complete(app: Litestar) -> None:
    """Adds what Litestar cannot know: our one error body and our headers, which routes need no key, our names."""
    description = app.openapi_schema
    paths = description.paths or {}
    description.components.schemas = {**(description.components.schemas or {}), "Problem": PROBLEM}
    for route in app.routes:
        if isinstance(route, HTTPRoute) and (item := paths.get(route.path_format)):
            for method, (handler, _) in route.route_handler_map.items():
                if operation := getattr(item, method.lower(), None):
                    _complete_operation(operation, handler)
    description.paths = {
        re.sub(r"(?<=\{)\w+", lambda variable: to_camel(variable[0]), path): item for path, item in paths.items()
    }


def _complete_operation(operation: Operation, handler: HTTPRouteHandler) -> None:
    refusal = OpenAPIMediaType(schema=Reference(ref="#/components/schemas/Problem"))
    responses = {status: answer for status, answer in (operation.responses or {}).items() if status < "4"}
    for answer in responses.values():
        answer.description = "the answer"
    responses["default"] = OpenAPIResponse(description="a refusal", content={"application/json": refusal})
    operation.responses = responses
    parameters = [each for each in operation.parameters or () if isinstance(each, Parameter)]
    for parameter in parameters:
        parameter.name = to_camel(parameter.name)
    operation.parameters = [*parameters, *_headers(handler)]
    if is_public(handler.opt):
        operation.security = []


def _headers(handler: HTTPRouteHandler) -> list[Parameter]:
    """The headers that this route heeds beside those that all do."""
    signature = handler.parsed_fn_signature
    if "writer" not in signature.parameters:
        return []
    waits = any(kind.is_subclass_of(ChainAnswer) for kind in signature.return_type.inner_types)
    return [IDEMPOTENCY_KEY, PREFER] if waits else [IDEMPOTENCY_KEY]


def _operation_id(handler: HTTPRouteHandler, method: Method, path: list[str | Any]) -> str:  # noqa: ARG001  # Litestar's signature
    """The capability and what is done, e.g. verificationDecide."""
    return to_camel("_".join((*sorted(handler.resolve_tags()), handler.handler_name)))


def _refuse_unknown(answer: Response[Any]) -> Response[Any]:
    """Refuses what is not below /schema as it is refused anywhere; Litestar would show a page."""
    if answer.status_code == HTTP_404_NOT_FOUND:
        raise NotFoundException
    return answer


def _asset(name: str) -> bytes:
    return files("api").joinpath("web", name).read_bytes()
