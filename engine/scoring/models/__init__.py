"""Reward models of transformers: their files, their input formats, loading, and scoring."""
