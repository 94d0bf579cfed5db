"""What a process is told from outside: environment variables, and the command line through `Settings(...)`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.kernel.nodes import NodeUrls

NetworkName = Literal["ethereum", "polygon", "avalanche", "binance"]


class Settings(BaseSettings):
    """Settings of all roles. Names in the environment are the fields' own in capitals, most with the prefix CCM_."""

    model_config = SettingsConfigDict(env_prefix="CCM_", frozen=True, extra="ignore", populate_by_name=True)

    mode: Literal["development", "production"] = "development"
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    blockchain_rpc: str | None = Field(
        default=None, validation_alias="BLOCKCHAIN_RPC", description="The chain's nodes, as `NodeUrls` reads them."
    )
    data: Path = Path(".ccm")
    custody_passphrase: SecretStr | None = None
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    deployments: Path | None = Field(
        default=None, description="Folder of address books; by default the one that the deployment scripts write."
    )
    network: NetworkName = "polygon"
    confirmations: int = Field(
        default=1, ge=1, description="Blocks, its own included, after which a fact is confirmed."
    )
    finality_depth: int = Field(default=256, ge=16, description="Blocks below the head that a reorg never reaches.")
    verify_seconds: int = Field(
        default=300, ge=0, description="Seconds from one verification of the mirror to the next; 0 for none."
    )
    ready_lag_blocks: int = Field(default=64, ge=0, description="Blocks that the mirror may lack and still serve.")
    ready_lag_seconds: int = Field(default=60, ge=0, description="Seconds that the mirror may be behind and serve.")
    wait_seconds: int = Field(default=10, ge=0, le=60, description="How long a write waits for the mirror by default.")

    @field_validator("blockchain_rpc")
    @classmethod
    def _names_nodes(cls, text: str | None) -> str | None:
        if text is not None:
            NodeUrls.parse(text)
        return text

    @property
    def nodes(self) -> NodeUrls:
        """The chain's nodes, which are embedded or given."""
        if self.blockchain_rpc is None:
            raise AssertionError("the chain is embedded or given")
        return NodeUrls.parse(self.blockchain_rpc)
