"""Kept, dropped and pending rows out of a review, into a new folder, whole or not at all.

In the order of the work:

    plan        what was asked for, and the counts shown before anything is written
    place       where it goes: never the source, never the session; one rename puts it there
    table       rows as columns: the source's own, and what tamis adds to them
    formats     the table of formats, one row each
    jsonl       JSON lines: a JSON row as one line of its own bytes
    json_edit   an edited JSON row as its own bytes, but for what was edited
    parquet     Parquet, with the schema and the metadata of a Parquet source
    csv_rows    CSV
    features    what `datasets` calls the columns of a Parquet file
    decisions   what tamis knows of each row
    manifest    what was written, and how to check it
    card        the same for people
    run         all of it in order
"""
