"""The panel that asks what the dataset would be worth: sliders, figures, two plots.

    panel    the three widgets, and what is typed or dragged in them
    readout  the sliders above the figures
    sliders  one slider, one line
    figures  performance, what is lost to what, and what it rests on
    plots    performance over size; size against noise at equal performance
    words    what is said around the numbers

It shows what the session's simulation says, and sets there what a person wants.
"""

from tui.simulator.panel import SimulatorPanel

__all__ = ["SimulatorPanel"]
