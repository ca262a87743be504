"""What can go wrong for a user: one line each, with the exit status of the command line (contract, section 6)."""


class RingfenceError(Exception):
    """A failure that a user can act on; its message is one line: what happened, where, and what to do."""

    exit_status = 1


class NegativeAnswer(RingfenceError):  # noqa: N818 - it is an answer, not a fault
    """The command ran and the answer is no (an audit finding, a failed check)."""

    exit_status = 1


class UsageError(RingfenceError):
    """Wrong usage or configuration: nothing was started."""

    exit_status = 2


class DependencyError(RingfenceError):
    """A dependency is out of reach (Kafka, a switch, the network)."""

    exit_status = 3
