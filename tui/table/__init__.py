"""The table of samples, a million rows as easily as fifty thousand.

    row_source     what the table asks of whoever has the rows
    rows           a session as such a source, and as what the sample pane shows
    table_layout   how columns share the width, and the bar of a score
    single_line    texts cut to one line, with what a search finds in view
    sample_table   the table itself

Which columns there are is said in `engine.session.table_columns`.
"""
