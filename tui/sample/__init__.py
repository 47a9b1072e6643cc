"""The pane with one sample in full."""
