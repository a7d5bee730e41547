"""The table: each scenario is one entry."""

from tests.lab.model import Scenario
from tests.lab.scenarios.causes import CAUSES
from tests.lab.scenarios.clocks import CLOCKS
from tests.lab.scenarios.crowds import CROWDS
from tests.lab.scenarios.parts import PARTS

__all__ = ["SCENARIOS"]

SCENARIOS: tuple[Scenario, ...] = (*CAUSES, *CLOCKS, *CROWDS, *PARTS)
