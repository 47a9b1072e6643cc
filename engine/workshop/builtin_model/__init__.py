"""How the embedded model is made: from public pairs and faults planted in them.

    sources       the files, and the sound pairs taken from them
    retelling     the same pairs in other forms: lists, tables, JSON, dialogues
    corruption    the faults, planted in a sound pair
    phrases       what those are put together from
    examples      sound and spoilt responses in groups, balanced by length
    shapes        the candidates: cut out of MiniLM, or from scratch
    fitting       training and calibration
    ngrams        texts as hashed n-grams, for a floor
    evaluation/   what is measured, on which sets
    facts         what the card says beside the figures: shape, recipe, sources
    card          the model card, from the figures
    tables        its tables, in Markdown

`python -m engine.workshop.builtin_model NAME --data DIR --base DIR --out DIR` trains one.
"""
