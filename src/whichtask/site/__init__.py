"""The website of a run: static pages from its tables and arrays, which work from a disk as from a server.

Pages are written by Jinja2 and readable as they are; plain scripts add switching, the quiz and what moves. Nothing is
trained here, nothing is fetched, and nothing that a visitor does leaves the browser.
"""

from whichtask.site.build import build

__all__ = ["build"]
