"""Datasets of the Hugging Face hub: found in its local cache, fetched and pushed after a yes.

Nothing here is sent before someone said so, and the network is used by a process of its own, which
can be ended at any moment. Tokens come from the hub's own places inside of that process; they are
never handed to this one.

    address       `hf://datasets/ORG/NAME@REVISION`
    choosing      the data files of a configuration and a split
    listing       the files of a revision, as the hub told them, remembered
    cache         the hub's cache on this disk
    source        from an address to files on this disk
    publishing    a finished export to a repository
    following     the process that uses the network, followed and ended
    network       that process: its tasks
    download      in that process: files into the cache, resumed where they were broken off
    upload        in that process: files to a repository
    partial       where a file lies while it is being fetched
    telling       in that process: lines to whoever started it
    explaining    in that process: what went wrong, without what must not be told
"""
