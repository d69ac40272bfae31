"""What the command line refuses by itself."""


class UsageError(Exception):
    """Wrong use: arguments that contradict one another or miss something; exit code 2. `str(error)` is one sentence."""
