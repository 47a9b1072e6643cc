"""How files become rows: what kind a file is, where its rows start and end, what they say.

`engine.dataset.dataset` is the only caller; everything here knows one file (a shard) at a time.
"""
