"""Writes the bundled demo: `python -m engine.workshop.demo.generate`.

The same rows on every machine and every Python; faults, duplicates and contradictions are planted,
and where they are is written beside the rows.

    generate             the dataset and its labels
    material             the hand-written texts of the bank, read from its files
    names                invented people, towns and goods
    seeded_random        choices that are the same on every Python
    knowledge            explain, compare, list, code, translate, rewrite, summarise
    dialogues            chats of one to three exchanges
    facts                texts to extract from or to sum up
    fiction              plans, very short stories and poems
    letters              letters for a dozen occasions
    measures             word problems on time, distance, amounts and people
    sums                 arithmetic word problems with worked answers
    quick                small exercises with short answers
    sorting              texts to classify
    draft                a row in the making, and how rows are chosen for a fault
    planting             which faults, how many, in which rows, in which order
    faults               the planted faults, each a way to spoil a sound answer
    broken_format        the answer is there, but its frame is broken
    echoes               the prompt comes back
    refusals             refusals of harmless requests
    talk                 fluent sentences that answer nothing
    wrong_language       good answers in a language that nobody asked for
    planted_duplicates   exact copies, edited copies, contradictory answers
    similarity           how alike two texts are, so that only the planted duplicates are
"""
