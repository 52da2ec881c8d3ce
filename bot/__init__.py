"""What is said: one conversation handler, intents, prompts, answers, citations. Knows no platform."""
