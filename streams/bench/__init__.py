"""The benchmark: the real service on a Kafka of its own under a seeded load, and what it costs."""
