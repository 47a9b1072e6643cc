"""The screen of duplicates and contradictions, told apart word by word and decided by key.

    screen        all of it: its motions, its help, and the way back to the desk
    base          its widgets, and following what changes
    deciding      verdicts on a member, on a cluster, on all clusters listed
    viewing       which clusters are listed; the search and the rule
    cluster_list  the list of clusters
    members       the rows of one cluster, as the sample table shows them
    comparison    two samples and what they differ in, as lines
    pane          those lines on the screen
    words         what the screen says

A key repaints a line or two; what takes longer is done in a thread.
"""
