"""Certificates, for anybody who has the address."""

import re
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import PUBLIC
from api.services import Services
from api.writes import BASE_PATH
from ledger import credits
from ledger.kernel.errors import NotFound

_NAME = re.compile(r"(RET-\d{4}-\d{4,})\.pdf")


def certificate_path(retirement_id: str) -> str:
    """Where a retirement's certificate is."""
    return f"{BASE_PATH}/certificates/{retirement_id}.pdf"


class CertificatesController(Controller):
    """What was retired, to be shown to others."""

    path = "/certificates"
    tags = ("credits",)

    @get("/{name:str}", opt=PUBLIC, media_type="application/pdf", summary="A retirement's certificate")
    async def certificate(
        self,
        name: FromPath[str],
        request: Request[Any, Any, Any],
        services: NamedDependency[Services],
        session: NamedDependency[AsyncSession],
    ) -> Response[bytes]:
        """RET-….pdf, once the retirement is confirmed. Needs no key: a name on it is the retirer's choice."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise NotFound("A certificate is named after its retirement: RET-….pdf.")
        found = await credits.certificate(session, match[1])
        base = services.settings.public_url or str(request.base_url).rstrip("/")
        pdf = await credits.certificate_pdf(found, base + certificate_path(match[1]))
        return Response(
            pdf,
            media_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "public, max-age=3600"},
        )
