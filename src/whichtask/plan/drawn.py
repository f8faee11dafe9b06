"""What a configuration draws: its figures, their files and code, and the claims that are read from their numbers."""

from collections.abc import Iterable
from pathlib import Path

from whichtask.errors import WhichtaskError
from whichtask.plan.claims import load_claims
from whichtask.plan.figures import FIGURES
from whichtask.plan.plan import Inputs, Plan


class Drawn:
    """The figures of a configuration.

    Args:
        plan: what there is to draw from.
        claims: the claims, YAML; their rows are checked by ``check_rows`` and the verb.

    Raises:
        WhichtaskError: a claim is wrong, see ``load_claims``, or ``figures.own`` or ``plan.headlines`` names a figure
            that does not exist.
    """

    def __init__(self, plan: Plan, claims: Path):
        self.plan = plan
        self.cards = {figure: card for figure, card in FIGURES.items() if card.wanted(plan.settings)}
        named = {"figures.own": [*plan.settings.figures.own], "plan.headlines": plan.settings.plan.headlines}
        for key, figures in named.items():
            for figure in figures:
                if figure not in self.cards:
                    raise WhichtaskError(f"{key}: no figure {figure!r}; allowed: {', '.join(self.cards)}")
        self.claims = load_claims(claims)
        claimed = dict.fromkeys(claim.figure for claim in self.claims if claim.measured)
        self._claimed = [figure for figure in claimed if figure in self.cards]

    def file(self, figure: str, ending: str) -> str:
        """Return one of the files that a figure writes."""
        return self.plan.at(f"figures/{figure}.{ending}")

    def files(self, figure: str) -> list[str]:
        """List what a figure writes, the PNG first."""
        return [self.file(figure, ending) for ending in self.cards[figure].endings]

    def all_files(self, paper: str = "") -> list[str]:
        """List the files of all figures, or of those of a paper, by the prefix of their IDs."""
        return [path for figure in self.cards if figure.startswith(paper) for path in self.files(figure)]

    def is_headline(self, figure: str) -> bool:
        """Say whether the target ``headline`` draws a figure."""
        return self.cards[figure].headline or figure in self.plan.settings.plan.headlines

    def further_files(self, paper: str) -> list[str]:
        """List the files of the figures of a paper that are no headlines."""
        figures = [figure for figure in self.cards if figure.startswith(paper) and not self.is_headline(figure)]
        return [path for figure in figures for path in self.files(figure)]

    @property
    def headlines(self) -> list[str]:
        """Files of the headline figures."""
        return [path for figure in self.cards if self.is_headline(figure) for path in self.files(figure)]

    def inputs(self, figure: str) -> Inputs:
        """Return what a figure is drawn from, by name."""
        return self.cards[figure].inputs(self.plan)

    def tables(self, figures: Iterable[str]) -> list[str]:
        """List the files that some figures are drawn from."""
        return sorted({path for figure in figures for paths in self.inputs(figure).values() for path in paths})

    def tables_of(self, paper: str) -> list[str]:
        """List the files that the figures of a paper are drawn from, by the prefix of their IDs."""
        return self.tables(figure for figure in self.cards if figure.startswith(paper))

    def code(self, *figures: str) -> list[str]:
        """List the addresses of the code of some figures."""
        return ["whichtask.figures.style:save", *sorted({self.cards[figure].module for figure in figures})]

    def claimed(self, claims: str) -> list[str]:
        """List the figures whose numbers ``claims`` are read from; ``claims_headline`` are from headlines only."""
        headlines = claims == "claims_headline"
        return [figure for figure in self._claimed if self.is_headline(figure) or not headlines]
