"""How the embedded model is made: from public pairs and faults planted in them.

    sources      the files, and the sound pairs taken from them
    corruption   the faults, put together from phrases
    examples     sound and spoilt responses in groups, balanced by length
    shapes       the candidates: cut out of MiniLM, or from scratch
    fitting      training and calibration
    floors       what a model must beat: length, the heuristic scorer, n-grams
    evaluation/  what is measured, on which sets
    card         the model card, from the figures

`python -m engine.workshop.builtin_model NAME --data DIR --base DIR --out DIR` trains one.
"""
