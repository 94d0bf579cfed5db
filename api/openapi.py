"""The service's own description: a document for programs, and a page for people that needs no other server."""

from importlib.resources import files
from typing import Any

from litestar import MediaType, Request, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

VERSION = "1.0.0"  # of the standard's REST interface


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


def config() -> OpenAPIConfig:
    """How Litestar describes the service."""
    return OpenAPIConfig(
        title="Carbon Credit Micro",
        version=VERSION,
        description="Emissions in kg CO2e, credits in tCO2e, each beside its unit. Numbers are exact decimals.",
        path="/schema",
        render_plugins=[SchemaPage(), JsonRenderPlugin()],
        components=Components(
            security_schemes={
                "apiKey": SecurityScheme(type="http", scheme="bearer", description="An API key, wccm_…"),
            }
        ),
        security=[{"apiKey": []}],
    )


def _asset(name: str) -> bytes:
    return files("api").joinpath("web", name).read_bytes()
