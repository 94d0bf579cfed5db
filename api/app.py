"""Puts the API together: every controller, and what all of them share."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from litestar import Controller, Request, Router
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.plugins.pydantic import PydanticPlugin
from sqlalchemy.ext.asyncio import AsyncSession

from api import openapi
from api.answers import ExactResponse
from api.auth import caller_of, guard
from api.blockchain.routes import BlockchainController
from api.credits.certificates import CertificatesController
from api.credits.routes import CreditsController, MintController
from api.edge import Application
from api.footprint.routes import FootprintController
from api.health import health_routes
from api.problems import HANDLERS
from api.requests import LARGEST_BODY, ExactJson, refuse_nul
from api.services import Services
from api.trading.routes import TradingController
from api.verification.routes import VerificationController
from api.writes import BASE_PATH, Writer
from ledger.accounts import Account

CONTROLLERS: tuple[type[Controller], ...] = (
    BlockchainController,
    CertificatesController,
    CreditsController,
    FootprintController,
    MintController,
    TradingController,
    VerificationController,
)
"""One a capability. Their paths stand under the base path."""


def create_app(services: Services, controllers: Sequence[type[Controller]] = CONTROLLERS) -> Application:
    """The API over these services. Whoever made the services closes them, after the app has stopped."""
    standard = Router(BASE_PATH, route_handlers=controllers, guards=[refuse_nul, guard], dto=ExactJson, return_dto=None)
    app = Application(
        route_handlers=[standard, health_routes(services.vitals)],
        dependencies={
            "services": Provide(provide_services, sync_to_thread=False),
            "session": Provide(provide_session),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "writer": Provide(provide_writer, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        openapi_config=openapi.config(),
        plugins=[PydanticPlugin(prefer_alias=True), openapi.PlainNumbers()],
        request_max_body_size=LARGEST_BODY,
        response_class=ExactResponse,
        state=State({"services": services}),
        logging_config=None,
    )
    openapi.complete(app)
    return app


def provide_services(state: State) -> Services:
    """The services that the app was made with."""
    services: Services = state.services
    return services


async def provide_session(services: NamedDependency[Services]) -> AsyncIterator[AsyncSession]:
    """A session to read with: it is never committed."""
    async with services.sessions() as session:
        yield session


def provide_caller(request: Request[Any, Any, Any]) -> Account:
    """The account whose key the request bears."""
    return caller_of(request)


def provide_writer(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Writer:
    """What writes for this request."""
    return Writer(request, services)
