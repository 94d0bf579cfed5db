"""The networks that we know."""

from typing import Literal

NetworkName = Literal["ethereum", "polygon", "avalanche", "binance", "local"]
"""As the standard names them; `local` is a development chain under its own name."""
