"""The proof of ``whichtask audit``: marks planted in images, and whether the audit finds them (``shared/AUDIT.md``)."""
