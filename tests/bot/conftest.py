"""How the tests of the bot are run."""

from hypothesis import settings

settings.register_profile("bot", deadline=None)  # a busy machine is no failure
settings.load_profile("bot")
