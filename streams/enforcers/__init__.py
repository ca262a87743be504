"""The enforcers: one process each, with a table of leases and one switch to drive."""

DRIVERS = {
    "log": "streams.enforcers.log:LogDriver",
}
"""Name -> `module:class` of its driver; a driver is imported in its own process only."""
