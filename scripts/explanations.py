"""Pages that explain what a check may find: a list of names in code marks, each with its reason after a colon."""

from __future__ import annotations

import re
from pathlib import Path

#: - `name` and what it is about: reason
EXPLANATION = re.compile(r"^- `([^`]+)`[^\n]*?: +(\S[^\n]*)", re.MULTILINE)


def explained(page: Path) -> dict[str, str]:
    """The reasons on a page by what they explain; none where there is no page."""
    return dict(EXPLANATION.findall(page.read_text())) if page.exists() else {}
