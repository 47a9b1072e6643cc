"""Looking at what would be exported: spot checks, and how far reviewers agree.

    spotcheck  a few of the kept rows drawn at random: how many of all are bad
    agreement  Cohen's kappa and PABAK of two reviewers

Only figures: what is drawn, and what is said of it, is kept by the session.
"""
