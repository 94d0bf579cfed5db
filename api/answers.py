"""How every answer is written."""

from typing import Any

from litestar import Response

from api.exact import encode


class ExactResponse(Response[Any]):
    """An answer whose body our own encoder writes, unless it is bytes already."""

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:  # noqa: ARG002  # Litestar's signature
        """The body."""
        return content if isinstance(content, bytes) else encode(content)
