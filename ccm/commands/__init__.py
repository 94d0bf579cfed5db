"""One module for each verb of the command line; its `command` is the verb.

Here is what `ccm --help` says of each, so that help and a quick verb load nothing that they do not use.
"""

VERBS = {
    "up": "Start everything on this machine and serve the API.",
    "down": "Stop what `ccm up` started.",
    "demo": "Tell the main job as a story: from real electricity bills to a retired kilogram.",
    "indexer": "Mirror every network into a database, without serving anything.",
    "verify": "Prove that the mirror equals the chain, invariant by invariant.",
    "status": "Say what runs, where, and how far the chain is.",
}
