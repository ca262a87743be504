"""A real one-node Apache Kafka on this machine, without Docker, Maven or (where need be) Java installed."""

from streams.broker.node import Broker, BrokerAddress
from streams.broker.prefetch import install

__all__ = ["Broker", "BrokerAddress", "install"]
