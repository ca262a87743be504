"""Bursts: busy keys that do far more than they are used to, by caller, account, called number, prefix and trunk."""
