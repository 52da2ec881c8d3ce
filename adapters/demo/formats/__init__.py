"""One module per file format; each turns a `Source` into the bytes of a real document of that format."""
