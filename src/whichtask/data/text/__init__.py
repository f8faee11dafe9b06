"""Text by domain: what it is, and where it comes from.

Getting it (``sources``) is imported where it is used: experiments only read ``TextSet``.
"""

from whichtask.data.text.alphabet import ALPHABET, to_codes
from whichtask.data.text.textset import BLOCK, Part, Text, TextSet

__all__ = ["ALPHABET", "BLOCK", "Part", "Text", "TextSet", "to_codes"]
