"""Reward models of transformers: their files, their input formats, loading, and scoring.

Nothing here imports torch or transformers before the first model is loaded.

    reward_model    a sequence classifier as a scorer
    formats         how a sample is written down for a model, and how a long one is cut
    classifier      encoded samples in, raw logits out
    fast/           the same logits for less work
    precision       float32, or bfloat16 where that is measured to be faster
    devices         one model on several GPUs, and how much memory a batch may take
    loading         tokenizer and weights from a folder into memory
    checks          what is checked at loading, because it would fail without a word later
    model_files     where a model lies on disk, and which revision it is
    model_list      which models there are: on this disk, and known by name
    known_models    reward models and quality classifiers that are known by name
    fetching        a model from the hub into the local cache, after a yes
    remembered      what was found out about a model or a machine once
"""
