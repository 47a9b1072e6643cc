"""Writes the bundled demo: `python -m engine.workshop.demo.generate`."""
