"""The command line: a module for each command, and a table of them in `main`.

The same engine without a screen, and the way into the desk.

    main            the table of commands, and what happens to errors
    flags           flags and arguments that several commands share
    headless        opening a session, waiting for scores
    progress        how far a command is
    hub             datasets of the hub: found, fetched, pushed
    streams         results on stdout, messages on stderr
    desk            `open`, and what every command does that opens the desk
    demo            `demo`: the desk on the bundled rows
    info            `info`: what a dataset is, and what is wrong with it
    score           `score`: every row scored
    export          `export`: the subset that verdicts, scores and threshold keep
    dedup           `dedup`: duplicates and contradictions
    spotcheck       `spotcheck`: rows drawn at random, and how many are bad
    importing       `import`: verdicts that a dataset carries, into its session
    merge           `merge`: several reviewers' sessions into a new one
    simulate        `simulate`: what a dataset would be worth
    models          `models`: which there are, and what they need
    keys            `keys`: every action with its keys
    config          `config`: every setting as it holds
    log             `log`: what libraries had to say
    screenshot      `screenshot`: the desk on the demo, as SVG
"""
