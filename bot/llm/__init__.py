"""Who writes answers: a language model, or nobody but the sources themselves."""
