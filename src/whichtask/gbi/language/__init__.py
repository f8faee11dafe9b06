"""Language models that are told the domain of their text, and what their gradients say about it."""

from whichtask.gbi.language.corpus import Corpus
from whichtask.gbi.language.network import LanguageModel, token_losses
from whichtask.gbi.language.run import TABLES, run_language

__all__ = ["TABLES", "Corpus", "LanguageModel", "run_language", "token_losses"]
