"""What threads have said so far, kept on PostgreSQL and recalled within bounds and within privacy."""
