"""Files in, text out: one exact text per file that every character span refers to."""
