"""The screen: what a person sees and presses.

    app              the application: opens a session, then shows the desk
    desk             the review desk: table, sample, slider, panels
    clusters         the screen of duplicates and contradictions
    simulator        the panel of the simulator
    table            the table of samples, one line each
    sample           one sample in full
    dialogs          questions over a screen, and the palette
    widgets          parts that several screens share
    keys             the registry of actions, keymaps and help
    terminal         glyphs, colours, input and output as terminals have them
    cli              the command line: a command each
    panel            what the desk asks of a panel beside or under its table
    deciding         verdict keys, undo and redo, for every screen with a sample
    said_words       what was said, in words: for messages and the log of a session
    working_screen   motions, messages and long work, for every screen with panes
    preferences      what a person's config file says of the screen
    simulation_text  what the simulator says in words, at its panel and on the command line
    theme            themes, those that come with tamis and a person's own

The screen holds no state that the session does not have.
"""

import os

FRAMES_PER_S = 120
"""How often Textual looks whether something is to be drawn: a key waits for the next look, 4 ms on
average and 17 ms at most at its own 60. Frames are drawn only where something changed, so that
nothing more is sent.

Source: measured, p99 from key to frame 28 ms instead of 38 to 55 with a scorer at work."""

# Textual reads it when it is imported; this comes before, whichever module imports it.
os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_PER_S))
