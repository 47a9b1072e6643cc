"""Duplicates: rows that say the same again, and questions that are answered in different ways.

    settings        what is compared and how; similarities as people type them
    texts           the part of a sample that is compared, normalised
    shingles        from texts to hashed shingles
    signatures      MinHash signatures, datasketch's own, and how they are cut into bands
    jaccard         exact similarity of shingle sets
    verifier        the same, for rows of a column, on demand
    meaning         the same by embeddings, shown and never dropped
    matching        candidates from bands, verified, joined into components
    ahead           two threads for what needs no interpreter
    finder          the search: in steps, with progress, stopped and gone on with
    matches         what it has found
    large           components too large to list their pairs
    archive         the same as arrays for the session file
    clusters        groups at a similarity, cut from the matches
    table           what a list of them shows
    rule            which rows are dropped for being like one that is kept
    contradictions  near-identical prompts with other answers
    difference      where two texts differ, word by word
    gauge           the duplication among what is kept, and what it is worth
    likeness        how alike one text is to some others
    listing         clusters as a list: how far each is decided, filter, order
    lookup          rows edited or added afterwards

Signatures only propose. Every pair that is shown has its exact similarity.
"""
