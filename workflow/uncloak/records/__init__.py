"""Typed records of the configuration: what there is, each with its fields' meaning, unit and bounds.

Nothing here imports torch. Options of what is found by a module's name (attacks, networks, objectives) are declared in
that module, beside the code that uses them, and are read from there (`uncloak.records.plugins`).
"""
