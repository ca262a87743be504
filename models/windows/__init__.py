"""The state of sliding event-time windows per key, and the usual hours of a week; `table` is what others use."""
