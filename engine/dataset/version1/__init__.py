"""How sessions of format 1 read a dataset: never changed, so that their verdicts find their rows.

What a row said decides its identity, and a verdict is tied to that. Since then more is read, so
identities of rows with more in them are new ones; verdicts given before are looked for by the old.

    message    a turn, its text, and the identity
    turns      spellings of a conversation
    rows       the turns of a row
    families   which columns play which part
    reading    a dataset as it was read: its digest then, and its identities

Nothing else uses these modules, and they use nothing that may change: a fault mended here would
lose a verdict.
"""
