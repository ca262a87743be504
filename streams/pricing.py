"""From settings and tables to what rows are made by: the intake's half of `streams.assembly`."""

from models.scan.build import Rules
from models.tables import Tables
from models.underpriced import floors_of
from streams.settings import Settings


def rules_of(settings: Settings, tables: Tables) -> Rules:
    """What rows are made by.

    Raises:
        UsageError: the home country code is not set.
    """
    detection = settings.detection
    return Rules(settings.numbering(), tables, detection.payer, floors_of(tables.tariff, detection.absurd_share))
