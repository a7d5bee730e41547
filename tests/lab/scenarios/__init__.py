"""The table: each scenario is one entry."""

from tests.lab.model import Scenario
from tests.lab.scenarios.auths import AUTHS
from tests.lab.scenarios.causes import CAUSES
from tests.lab.scenarios.clocks import CLOCKS
from tests.lab.scenarios.crowds import CROWDS
from tests.lab.scenarios.networks import NETWORKS
from tests.lab.scenarios.parts import PARTS
from tests.lab.scenarios.paths import PATHS
from tests.lab.scenarios.protocols import PROTOCOLS
from tests.lab.scenarios.proxies import PROXIES
from tests.lab.scenarios.servers import SERVERS
from tests.lab.scenarios.tls import TLS

__all__ = ["SCENARIOS"]

SCENARIOS: tuple[Scenario, ...] = (
    *CAUSES, *CLOCKS, *CROWDS, *PARTS, *SERVERS, *PATHS, *TLS, *PROXIES, *AUTHS, *NETWORKS, *PROTOCOLS,
)  # fmt: skip
