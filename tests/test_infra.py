"""What operators are given: alerts on metrics that exist, and a unit that starts a verb that exists."""

import re
from pathlib import Path

from prometheus_client import REGISTRY

from streams import metrics
from streams.__main__ import VERBS

ROOT = Path(__file__).parent.parent
OF_THE_SUPERVISOR = {"ringfence_ready", "ringfence_process_lag", "ringfence_restarts_total"}


def test_alerts_are_on_metrics_that_exist():
    assert metrics.EVENTS_READ
    supervisor = (ROOT / "streams" / "health.py").read_text()
    assert all(f'"{name.removesuffix("_total")}"' in supervisor for name in OF_THE_SUPERVISOR)
    ours = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    ours |= {f"{m.name}_total" for m in REGISTRY.collect() if m.type == "counter"}
    used = set(re.findall(r"\bringfence_[a-z_]+", (ROOT / "infra" / "prometheus" / "alerts.yml").read_text()))
    assert used <= ours | OF_THE_SUPERVISOR


def test_every_metric_is_set_somewhere():
    names = [name for name in vars(metrics) if name.isupper()]
    assert len(names) > 10
    sources = {path: path.read_text() for path in (ROOT / "streams").rglob("*.py")}
    here = sources.pop(ROOT / "streams" / "metrics.py")
    for name in names:
        used = re.compile(rf"\bmetrics\.{name}\b")
        assert any(used.search(text) for text in sources.values()) or re.search(rf"^    {name}\b", here, re.M), name


def test_the_unit_starts_a_verb():
    unit = (ROOT / "infra" / "systemd" / "ringfence.service").read_text()
    verb = re.search(r"^ExecStart=\S+/ringfence (\S+)", unit, re.M)
    assert verb
    assert verb[1] in VERBS
