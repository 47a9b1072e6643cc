"""The pane with one sample in full.

    detail          the pane: one sample whole, with what is known about it
    detail_content  what it shows of a row, wrapped and ready to draw, also ahead of time
    beside          the row's other columns, under the sample
    document        turns told apart, Markdown and code legible, as lines
    wrapping        lines wrapped to a width, drawn one screen line at a time
    history         who said what about a row, and when

What the pane shows of a session comes from `tui.table.rows`.
"""
