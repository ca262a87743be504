"""Simulated networks, incidents and switches: pure, seeded, in the contract's own terms."""
