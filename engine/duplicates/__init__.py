"""Duplicates: rows that are alike, and questions that are answered in different ways.

    settings          what is compared and how; similarities as people type them
    texts             the part of a sample that is compared, normalised
    shingles          from texts to hashed shingles
    signatures        MinHash signatures, datasketch's own, and how they are cut into bands
    prefetch          two threads for work that leaves the interpreter alone
    jaccard           exact similarity of shingle sets
    similarity        the same for rows of a column, and of one text to some others
    matching          candidates from bands, verified, joined into components
    finder            the search: in steps, with progress, stopped and gone on with
    meaning           the same by embeddings, shown and never dropped
    matches           what a search has found
    large             components too large to list all their pairs
    archive           what was found as arrays for the session file
    clusters          groups at a similarity, cut from the matches
    table             a line for every cluster: keeper, survivors, whether it is untouched
    content_words     which words and signs are content
    typos             words that are one word with a slip of the keyboard in it
    content           whether two samples that are alike differ in content
    rule              which rows are dropped for being like one that is kept
    contradictions    near-identical prompts with different answers
    difference        where two texts differ, word by word
    duplication_rate  the duplicates among the kept rows, and what the rows are worth
    listing           clusters as a list: filter and order
    dedup_report      all of it about one dataset, without a session

Signatures only propose. Every pair that is shown has its exact similarity.
"""
