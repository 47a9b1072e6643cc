"""The screen: what a person sees and presses."""

import os

FRAMES_PER_S = 120
"""How often Textual looks whether something is to be drawn: a key waits for the next look, 4 ms on
average and 17 ms at most at its own 60. Frames are drawn only where something changed, so that
nothing more is sent.

Source: measured, p99 from key to frame 28 ms instead of 38 to 55 with a scorer at work."""

# Textual reads it when it is imported; this comes before, whichever module imports it.
os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_PER_S))
