"""What a configuration evaluates, and from which files: pure functions of its records, by stage.

Every function takes the configuration, as `uncloak.configuration` checked and filled it, and names of records, and
returns names, paths (`uncloak.paths`) or what a job is to know. Nothing here knows what runs the jobs, and only
`brought` and `audit` look at the disk.
"""
