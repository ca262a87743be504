"""How calls move: Kafka, processes, the command line. Only this package touches network, disk and clock."""

from streams import kernel_cache

kernel_cache.use()
