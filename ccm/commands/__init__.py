"""One module for each verb of the command line; its `command` is the verb.

Here is what `ccm --help` says of each, so that help and a quick verb load nothing that they do not use.
"""

VERBS = {
    "up": "Start everything on this machine and serve the API.",
    "down": "Stop what `ccm up` started.",
    "status": "Say what runs, where, and how far the chain is.",
}
