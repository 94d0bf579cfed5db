"""docs/operation.md has every metric and every setting of operation, and no other."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from api.metrics import Metrics
from indexer.metrics import IndexerMetrics
from ledger.kernel.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operation.md").read_text()


def test_every_metric_has_its_row() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    IndexerMetrics(registry)
    shown = {family.name: family.type for family in registry.collect()}
    told = dict(re.findall(r"^\| `(ccm_\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    assert told == shown


def test_every_setting_stands_there_with_its_default() -> None:
    told = dict(re.findall(r"^\| `(CCM_\w+)` \| (\d+) \|", PAGE, re.MULTILINE))
    fields = {f"CCM_{name.upper()}": str(field.default) for name, field in Settings.model_fields.items()}
    assert told
    assert {name: fields.get(name) for name in told} == told
