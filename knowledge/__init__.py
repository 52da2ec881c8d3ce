"""What is known: documents, access, index, retrieval, parsers, ingestion."""
