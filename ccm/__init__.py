"""The command line: the only place that wires roles and settings together."""
