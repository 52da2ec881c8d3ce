"""`python -m adapters` is `footnote`."""

from adapters.cli import main

main()
