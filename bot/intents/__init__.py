"""What people want of the assistant: a table of intents, each with its handler."""
