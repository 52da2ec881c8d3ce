"""What a platform's failures mean for whoever works on an event."""


class Undeliverable(Exception):
    """The platform will not show an outcome there, however often it is asked; the message says why, for an admin."""


class MayHaveHappened(Exception):
    """A call that changes something was not answered: it may have been obeyed."""


class NotNow(Exception):
    """The platform cannot be asked just now, and has done nothing; worth trying again later."""


class Overtaken(NotNow):
    """Another try of the same event has begun since: this one has nothing more to show."""
