"""Revisions of every tenant's schema."""
