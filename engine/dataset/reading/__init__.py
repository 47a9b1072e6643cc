"""How files become rows: what kind a file is, where its rows start and end, what they say.

`engine.dataset.dataset` is the only caller; everything here knows one file (a shard) at a time.

    files         which files a path means, and what each of them is
    suffixes      what names of files say about what is in them
    card_configs  what a dataset card says about its configurations
    split_names   what folders and file names say where the card says nothing
    configurations  the configurations and splits of a folder, by card or by names
    source        the bytes of a file, decompressed
    shard         what every opened file can do
    json_rows     JSON rows with the bytes each came from: the one parser of them
    wrapped       JSON files whose rows are not at the top
    trees         conversations kept as trees: a sample for each path
    json_shard    JSON files, opened
    text_encoding  how the bytes of a text file are decoded
    csv_dialect   what a CSV is written like
    csv_rows      CSV as people have it, as columns
    csv_bytes     the rows of a CSV as they stand
    arrow_schema  what an Arrow or Parquet file says of its columns
    frame_shard   Parquet, Arrow, CSV and plain text, opened
    columns       columns of one type each: the one inference of types
    options       what a person says about how files are read
    facts         what the columns of a file are called and hold
    families      which columns play which part
    mapping       columns as a person names them
    mapping_file  a mapping of columns as a file of its own
    turns         every spelling of a conversation, as turns
    roles         who speaks
    parts         what is in one message: text, reasoning, calls, media, and what is left over
    calls         calls to tools, however they are written
    media         images and the like, by reference or by the hash of their bytes
    answers       several candidates, calls as an answer, the label that chooses of two
    cells         single values of a row
    rows          what one row says, whatever its family
    texts         the texts of all rows: prompt, response, rejected
    row_families  a family for each row, where a file has several
    talks         plain conversations of nested columns, put together by column
    samples       samples from texts, or from a row
    identify      identities of many rows
    preview       a dataset read in another way, before it is
    problems      what could not be read, and what is odd
"""
