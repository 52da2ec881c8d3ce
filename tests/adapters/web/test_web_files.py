"""How large a dropped file may be is said in Python and in the page's script, and is the same."""

import re

from adapters.web import files
from adapters.web.static import FOLDER
from knowledge.parsers.port import LARGEST_FILE


def test_the_script_refuses_the_sizes_that_the_house_refuses() -> None:
    written = re.search(r"const LARGEST = ([\d_]+);", (FOLDER / "files.js").read_text())
    assert written
    assert int(written[1]) == LARGEST_FILE == files.LARGEST_FILE
