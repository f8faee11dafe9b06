"""A small run and its website, shared by tests that only read them."""

import pytest
from site_results import MARKUP, make_results
from site_studies import add_studies

from whichtask.config import Config
from whichtask.site import build
from whichtask.site.run import Run


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A run whose names hold markup."""
    made = make_results(tmp_path_factory.mktemp("own"), MARKUP)
    add_studies(made)
    return made


@pytest.fixture(scope="session")
def site(settings: Config, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Its website; ``site.out`` is the folder."""
    return build(settings, tmp_path_factory.mktemp("site"))
