"""What makes the demo and the embedded model: in the repository, not in the wheel.

Nothing outside it but tests imports it.
"""
