"""Dialogs over the desk: questions, lists, the export.

    dialogs         a question with its count, a list to choose from, long texts, work under way
    scorer_dialog   a scorer, typed or chosen
    order_dialog    the review orders
    filter_dialog   the saved filters
    columns_dialog  the columns of the table
    frequency_dialog  how often a column has which value
    diff_dialog     the difference that an edit makes
    session_log     everything that was said in a session, the newest first
    palette         actions and pages of the help, found by words
    mapping_dialog  which column plays which part, with a row as it would be read
    hub_questions   a dataset of the hub: whether to ask for it, whether to fetch it
    export_dialog   where to write what, with the counts

Each says what is wrong with an answer and stays open.
"""
