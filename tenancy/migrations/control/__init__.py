"""Revisions of the schema `footnote`."""
