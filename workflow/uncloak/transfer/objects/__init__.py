"""The pictures to classify: a module for each `source` of records.

Its `make(record, folder, seed)` returns the number of classes and arrays of one length N: `pictures` uint8 [N,S,S,3],
`label` int64 [N], `part` (train, validation or test) and `picture`, text [N] both.
"""
