"""`ringfence demo`: the founding incident, start to finish, on a Kafka of its own."""
