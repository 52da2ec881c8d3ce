"""Documents in: what a source holds is read, cut, embedded and published."""
