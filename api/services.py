"""What the routes work with, put together once by whoever starts the API."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.limits import Limiter
from api.metrics import Metrics
from api.vitals import Vitals
from ledger.chain import IntentWatch, Network
from ledger.chain.following import Following
from ledger.db.session import Sessions
from ledger.kernel.clock import Clock, now
from ledger.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running API. Routes get it injected as `services`."""

    settings: Settings
    sessions: Sessions
    network: Network
    """The network that calls mean which name none."""
    watch: IntentWatch
    clock: Clock = now
    metrics: Metrics = field(default_factory=Metrics)
    following: Sequence[Following] = ()
    """How far the indexers of this process are; none where they run elsewhere."""
    limiter: Limiter = field(default_factory=lambda: Limiter(now))

    @property
    def vitals(self) -> Vitals:
        """What the API tells of itself."""
        following = self.following or (Following(self.network.name),)
        return Vitals(self.settings, self.sessions, following, self.metrics, self.clock)
