"""The clusters screen: repeats and contradictions, told apart word by word and decided by key.

cluster_list  the list of clusters
members       the rows of one cluster, as the sample table shows them
comparison    two samples and what they differ in, as lines
pane          those lines on the screen
words         what the screen says, and the duplication rate
screen        all of it, with what its keys do
"""
