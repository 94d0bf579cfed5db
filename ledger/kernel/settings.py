"""What a process is told from outside: environment variables, and the command line through `Settings(...)`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.kernel.network_names import NetworkName
from ledger.kernel.networks import NetworkSettings
from ledger.kernel.nodes import NodeUrls


class Settings(BaseSettings):
    """Settings of all roles. Names in the environment are the fields' own in capitals, most with the prefix CCM_."""

    model_config = SettingsConfigDict(
        env_prefix="CCM_", frozen=True, extra="ignore", populate_by_name=True, env_nested_delimiter="__"
    )

    mode: Literal["development", "production"] = "development"
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    blockchain_rpc: str | None = Field(
        default=None, validation_alias="BLOCKCHAIN_RPC", description="The chain's nodes, as `NodeUrls` reads them."
    )
    data: Path = Path(".ccm")
    custody_passphrase: SecretStr | None = None
    port: int = Field(default=8080, ge=0, le=65535)
    indexer_port: int = Field(
        default=8081, ge=0, le=65535, description="Where an indexer that runs alone tells of itself."
    )
    public_url: str | None = None
    deployments: Path | None = Field(
        default=None, description="Folder of address books; by default the one that the deployment scripts write."
    )
    network: NetworkName = Field(default="polygon", description="The one that calls mean which name none.")
    networks: dict[NetworkName, NetworkSettings] = Field(
        default_factory=dict, description="What is followed beside BLOCKCHAIN_RPC, which stands for `network`."
    )
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

    @model_validator(mode="after")
    def _are_usable(self) -> Self:
        if self.blockchain_rpc is not None and self.network in self.networks:
            raise ValueError(f"the nodes of {self.network} are named twice: in BLOCKCHAIN_RPC and in CCM_NETWORKS")
        _ = self.followed
        return self

    @property
    def followed(self) -> dict[NetworkName, NetworkSettings]:
        """Every network that is followed, the home network first."""
        networks = dict(self.networks)
        if self.blockchain_rpc is not None:
            networks[self.network] = NetworkSettings(
                rpc=self.blockchain_rpc, finality=str(self.confirmations), window=self.finality_depth
            )
        return dict(sorted(networks.items(), key=lambda item: item[0] != self.network))

    @property
    def has_home(self) -> bool:
        """Whether the home network's nodes are given."""
        return self.network in self.followed

    @property
    def home(self) -> NetworkSettings:
        """The home network, whose nodes are embedded or given."""
        if not self.has_home:
            raise AssertionError("the chain is embedded or given")
        return self.followed[self.network]

    @property
    def nodes(self) -> NodeUrls:
        """The home network's nodes."""
        return self.home.nodes
