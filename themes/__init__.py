"""Colours only: one TOML file per theme and the layout's `base.tcss`; read by `tui.theme`."""
