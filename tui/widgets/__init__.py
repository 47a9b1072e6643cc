"""Widgets of the desk: histogram and threshold, status and key line, prompt.

    threshold_slider  histogram of the scores, and the threshold on it
    line_pane         panes of lines, of which only the visible ones exist; a cursor in a list
    sweep_line        the predicted performance over the threshold, drawn on the histogram
    curves            lines drawn with cells
    cell_widget       a widget of which only the cells that differ are sent again
    status            title, summary and the line of keys
    prompt_bar        the line of input at the foot
    line_input        its field, which shows no character that a terminal would obey

Table and sample have rooms of their own.
"""
