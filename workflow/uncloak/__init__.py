"""Uncloak: measure how long a face cloak lasts."""
