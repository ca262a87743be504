"""The stages one by one: each is timed, and together they find what the load planted."""

from models.tables import Tables
from streams.bench.load import Load, Recipe
from streams.bench.stages import LIMIT, STAGES, run
from streams.intake import BATCH
from streams.settings import Network, Settings


def test_every_stage_from_bytes_to_findings_is_timed(tmp_path):
    load = Load(Recipe(3 * BATCH, per_s=200), tmp_path)
    figures = run(load, Settings(network=Network(home_country_code="212")), Tables())
    assert [figure.name for figure in figures] == [LIMIT, *STAGES]
    assert all(figure.values[0] > 0 for figure in figures)
