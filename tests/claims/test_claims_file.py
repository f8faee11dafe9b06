"""The claims file: defaults, claims and cases; what a bad one says before anything is measured; the page."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from tiny_claims import FIGURE, HUMAN, NUMBER, ORDERING, RANDOM, judged, scores, written

from whichtask.claims import load_claims, write
from whichtask.config import Config
from whichtask.errors import WhichtaskError
from whichtask.plan.claims import check_rows

ROOT = Path(__file__).parents[2]


def loaded(folder: Path, content: Any) -> Any:
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(content))
    return load_claims(path)


def test_defaults_claims_and_cases_are_merged_key_by_key(tmp_path: Path) -> None:
    defaults = {key: value for key, value in NUMBER.items() if key not in ("id", "statement", "tolerance")}
    claims = [
        {"id": "a", "statement": "A.", "tolerance": "agreement", "measured": {"rows": {"set": "random"}}},
        {
            "id": "b",
            "statement": "B.",
            "cases": [{"case": "x", "measured": {"rows": {"row": None}}}, {"case": "y", "paper_value": 0.1}],
        },
    ]
    tolerances = {"agreement": {"value": 0.03, "source": "a guess"}}
    a, x, y = loaded(tmp_path, {"tolerances": tolerances, "groups": [{"defaults": defaults, "claims": claims}]})
    assert a.measured.rows == {"set": "random", "row": "task"}
    assert (a.tolerance.value, a.tolerance.source, a.source.tag) == (0.03, "a guess", "A")
    assert (x.id, x.case, x.measured.rows) == ("b", "x", {"set": "human"})
    assert (y.case, y.paper_value, y.tolerance) == ("y", 0.1, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tolerance": 0.03}, "tolerance: 0.03 has no source: name an entry of tolerances"),
        ({"tolerance": {"source": None}}, "tolerance.source: "),
        ({"tolerance": {"value": -1, "source": "x"}}, "tolerance.value: "),
        ({"tolerance": "none"}, "there is no tolerance 'none'; allowed: "),
        ({"tolerances": 0.1}, "tolerances: unknown key; did you mean 'tolerance'"),
        ({"certainty": "sure"}, "certainty: "),
        ({"figure": "td_none"}, "there is no figure 'td_none'; allowed: td_examples"),
        ({"at_least": 0.1}, "either paper_value, or at_least"),
        ({"paper_value": None}, "either paper_value, or at_least"),
        ({"certainty": "from_memory"}, "goes with the source tag M"),
        ({"source": "a table"}, "source: write the tag, a comma and the place"),
        ({"unit": None}, "give the unit of its values"),
        ({"measured": None}, "give either measured, or waits"),
        ({"waits": "For people."}, "give either measured, or waits"),
        ({"kind": "question"}, "a question has no value"),
        ({"measured": {"statistic": "median"}}, "measured.statistic: "),
        ({"measured": {"colum": "agreement"}}, "measured.colum: unknown key"),
        ({"measured": {"paired": True}}, "measured: paired, times and the statistic share_above go with against"),
        ({"measured": {"statistic": "given"}}, "measured: ends goes with the statistic given"),
        ({"measured": {"statistic": "pairwise", "against": {"set": "x"}}}, "measured: against does not go with"),
        ({"measured": {"against": {"set": "<every>"}}}, "measured: <every> goes with rows"),
        ({"cases": [3]}, "cases must be a list of mappings"),
    ],
)
def test_a_bad_claim_is_named_with_its_key(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError) as caught:
        loaded(tmp_path, {"groups": [{"defaults": NUMBER, "claims": [change | {"id": "number"}]}]})
    assert "claim 'number' of" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "must hold 'groups'"),
        ({"claims": []}, "must hold 'groups'"),
        ({"groups": [], "claims": []}, "must hold 'groups'"),
        ({"groups": [3]}, "group 0 must hold 'claims'"),
        ({"groups": [{"claims": [], "figure": "x"}]}, "group 0 must hold 'claims'"),
        ({"groups": [{"claims": [3]}]}, "a claim of group 0 is no mapping with an id"),
        ({"groups": [], "tolerances": 3}, "tolerances must map names"),
        ({"groups": [], "tolerances": {"a": {"value": 1}}}, "the tolerance 'a' of .* is not valid"),
        ({"groups": [{"claims": [NUMBER]}, {"claims": [NUMBER]}]}, "the id 'number' is used by two claims"),
        ({"groups": [{"claims": [NUMBER | {"cases": [{}, {}]}]}]}, "two cases of the claim 'number' are called ''"),
    ],
)
def test_a_file_that_holds_no_claims_is_refused(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=message):
        loaded(tmp_path, content)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text("groups: [")
    for name in ("claims.yaml", "none.yaml"):
        with pytest.raises(WhichtaskError, match="cannot read the claims"):
            load_claims(tmp_path / name)


def checked(folder: Path, change: dict[str, Any], **config: Any) -> None:
    claim = NUMBER | {"measured": NUMBER["measured"] | change}
    check_rows(load_claims(written(folder, claim)), ROOT, Config(**config))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "agreemint"}, "claim 'number': td_as_by_source has no column 'agreemint'; it has data, network"),
        ({"over": "tusk"}, "claim 'number': td_as_by_source has no unit 'tusk'; it has data, network"),
        ({"rows": {"sat": "human"}}, "td_as_by_source has no column 'sat'"),
        ({"rows": {"set": "humans"}}, "no row of td_as_by_source has set 'humans'; it has discovered, human, random"),
        ({"against": {"n_tasks": 77}}, "no row of td_as_by_source has n_tasks 77; it has"),
    ],
)
def test_unknown_columns_units_and_rows_are_refused_before_anything_is_measured(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(WhichtaskError, match=message):
        checked(tmp_path, change)


def test_names_of_a_users_own_are_no_mistake(tmp_path: Path) -> None:
    mine = {"rows": {"network": "mine"}}
    with pytest.raises(WhichtaskError, match="has network 'mine'"):
        checked(tmp_path, mine)
    checked(tmp_path, mine, networks=Config().model_dump()["networks"] | {"mine": {"arch": "mlp", "width": 0.1}})
    checked(tmp_path, {"rows": {"images_train": "<largest>"}})  # a column that the code has and the last run had not


def test_the_page_has_one_line_a_claim_and_its_cases_behind_it(tmp_path: Path) -> None:
    piped = ORDERING | {"statement": "a | b < c", "cases": [{"case": "all"}, {"case": "more", "at_least": 0.4}]}
    control = NUMBER | {"id": "control", "kind": "control", "paper_sd": 0.01, "paper_n": 32}
    question = {key: NUMBER[key] for key in ("statement", "paper", "figure", "source", "certainty")}
    question |= {"id": "open", "kind": "question", "statement": "Why?"}
    table = judged(tmp_path, NUMBER, piped, control, question, tables={FIGURE: scores(human=HUMAN, random=RANDOM)})
    write(table, tmp_path / "claims.csv", tmp_path / "claims.md")
    assert pd.read_csv(tmp_path / "claims.csv")["claim_verdict"].tolist() == table["claim_verdict"].tolist()
    text = (tmp_path / "claims.md").read_text()
    lines = text.splitlines()
    assert any(line.startswith("2 claims: 1 agree, 1 differ. 1 controls: 1 agree. If nothing") for line in lines)
    folded = [line for line in lines if line.startswith("<details>")]
    assert len(folded) == text.count("</details>") == 3, "one line a claim or control"
    assert [line.split("<b>")[1].split("</b>")[0] for line in folded] == ["agrees", "differs", "agrees"]
    assert "0.910 [" in folded[0]
    assert "(agrees if 0.87 to 0.93) <code>number</code>" in folded[0]
    assert "a / b &lt; c 0.300 to 0.300, 2 cases, 1 agrees <code>" in folded[1]
    rows = [line for line in lines if line.startswith("|") and not set(line) <= set("| -")]
    assert {line.count(" | ") for line in rows} == {8}
    assert text.index("## Task Discovery") < text.index("## Controls") < text.index("## Open in the papers")
    assert "0.900 (sd 0.010, n 32)" in text
    assert "- Why? Shown by `td_as_by_source` ([A] a table)." in text
