"""Where Footnote is heard: web, command line, and the one place that names concrete classes."""
