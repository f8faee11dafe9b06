"""The documentation site: `make docs` builds it from these pages, offline, and fails at any warning.

Build it afresh (`sphinx-build -E`): pages hold what the rest of the repository says, whose changes Sphinx does not see.
"""

import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

project = "whichtask"
author = "whichtask maintainers"
project_copyright = author
version = release = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "site_pages"]
exclude_patterns = ["_ext", "_static"]
smartquotes_action = "De"  # dashes; quotes stay as they are typed
nitpicky = True
# Types of other libraries and of settings: nothing is fetched, so that the site builds without a network.
nitpick_ignore_regex = [
    ("py:.*", r"(torch|numpy|np|npt|pd|pandas|pathlib|collections|typing|types|pydantic|nn)\..*"),
    ("py:.*", r"(Tensor|Path|Callable|Sequence|Any|FieldInfo|NoneType|WhichtaskError|ImageSet)"),
    ("py:.*", r"whichtask\.(auditing|config|data|training|networks|stats|artifacts)\..*"),
]

# Headings down to this level can be linked to, as `page.md#heading`.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
add_module_names = False

html_theme = "furo"
html_title = f"whichtask {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
