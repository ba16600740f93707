"""The one root error. A message gives the value, what was expected and what to do, in one line."""


class GenderstreamError(Exception):
    """Something broke while running: the command ends with status 1."""

    exit_status = 1


class UnusableError(GenderstreamError):
    """What the user gave (input, option, configuration, model) cannot be used: status 2."""

    exit_status = 2
