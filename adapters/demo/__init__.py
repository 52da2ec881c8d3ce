"""Larkspur Instruments: the made-up company that a new user meets first."""
