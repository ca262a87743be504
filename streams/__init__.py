"""How calls move: Kafka, processes, the command line. Only this package touches network, disk and clock."""
