"""What an operator is told when a deployment cannot go on. Every message says what to do."""


class DeploymentError(Exception):
    """The deployment stops here. Nothing that was done is lost: the same command goes on from it."""


class Refused(DeploymentError):
    """What was asked for would be unsafe, or is not said completely. Nothing was sent."""
