"""From a file to rows to samples: reading, columns, identities, edited rows, text search.

A `Dataset` is read-only; what reviewers change lies beside it.

    dataset      an opened file or folder, read-only; the way in
    nested       members of columns: a.b
    reading      files, each of its kind
    version1     how sessions of format 1 read a dataset, kept for their verdicts
    editing      the texts of a row that can be edited
    edited_rows  rows with the edits of the reviewers in them
    identities   where each sample is
    text_search  rows whose texts hold something
    info         what `tamis info` says of a dataset
"""
