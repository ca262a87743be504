"""The report of a backtest or a simulation: `report.html`, one page that a fraud manager reads."""
