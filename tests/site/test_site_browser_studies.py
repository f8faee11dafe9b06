"""Pages of results in headless Chromium: every control, with the mouse and with the keyboard alone."""

from pathlib import Path
from typing import Any

import numpy as np

from whichtask.artifacts import read_csv, read_npz, write_npz
from whichtask.data import ImageSet
from whichtask.site.attacks import groups
from whichtask.site.pages import claims, gbi, search
from whichtask.site.run import Run
from whichtask.splits.export import SPLIT_ARRAYS, export_splits


def text_of(page: Any, selector: str) -> str:
    return str(page.inner_text(selector)).replace("\N{NO-BREAK SPACE}", " ")


def sides_shown(page: Any) -> list[list[int]]:
    """Return the places of the tiles on both sides."""
    return [
        page.eval_on_selector_all(
            f"#live .side-{side} i",
            "(tiles) => tiles.map((t) => Number(t.style.getPropertyValue('--c')) + "
            "whichtask.data().sheet.columns * Number(t.style.getPropertyValue('--r')))",
        )
        for side in (0, 1)
    ]


def test_a_search_is_scrubbed_and_played(page: Any, site: Run) -> None:
    found = search.collect(site)["search"]

    def check(step: int) -> None:
        for side, places in enumerate(sides_shown(page)):
            assert places == [place for place, one in enumerate(found.sides[step]) if int(one) == side]

    page.goto(f"{site.out.as_uri()}/search.html")
    assert page.locator(".rest").count() == 0
    check(0)
    page.focus("#step")
    page.keyboard.press("ArrowRight")
    check(1)
    moved = sum(one != other for one, other in zip(found.sides[0], found.sides[1], strict=True))
    assert f"proxy agreement {100 * found.proxy[1]:.0f} %" in text_of(page, "#now")
    assert f"{moved} images changed sides" in text_of(page, "#now")
    assert page.locator("#live .tiles .moved").count() == moved
    assert "step 1" in page.get_attribute("#step", "aria-valuetext")
    page.keyboard.press("End")
    check(len(found.steps) - 1)
    assert f"full agreement score {100 * found.scores[-1].agreement:.0f} %" in text_of(page, "#now")
    # At the end the film begins again, and stops there by itself.
    page.focus("#play")
    page.keyboard.press("Enter")
    assert page.inner_text("#play") == "Pause"
    page.wait_for_function("document.getElementById('step').value === '2'")
    page.keyboard.press("Space")
    assert page.inner_text("#play") == "Play"
    check(int(page.input_value("#step")))
    page.click("#play")
    page.wait_for_function("document.getElementById('play').textContent === 'Play'")
    check(len(found.steps) - 1)


def test_splits_are_switched_and_downloaded(page: Any, site: Run, tmp_path: Path) -> None:
    found, _ = groups(site)
    page.goto(f"{site.out.as_uri()}/splits.html")
    assert page.locator(".task:visible").get_attribute("id") == "discovered-binary-0"
    page.click("#next")
    page.keyboard.press("Shift+ArrowRight")
    shown = page.locator(".task:visible")
    assert shown.get_attribute("id") == "discovered-classes-0"
    attack = found[1].attacks[0]
    assert shown.locator(".class").count() == len(attack.classes)
    assert shown.locator(".class .tiles i").count() == sum(
        len(one.trained) + len(one.tested) + len(one.mistaken) for one in attack.classes
    )
    shown.locator("summary").click()
    assert shown.locator(".confusion tbody tr").count() == len(attack.names)

    # The same as the verb writes.
    predictions = read_npz(Path(site.plan.splits("predictions.npz", "discovered")[0]))
    table = read_csv(Path(site.plan.splits("accuracies.csv", "discovered")[0]))
    rows = np.flatnonzero((table["kind"] == "classes") & (table["task"] == attack.task) & (table["seed"] == 0))
    images = ImageSet.load(Path(site.plan.images()))
    splits = table["split"].iloc[rows].tolist()
    values = (
        predictions["pool"], predictions["in_train"][rows], predictions["labels"][rows], np.array(splits),
        np.array(["classes"] * len(rows)), predictions["class_names"], predictions["binary_names"],
        np.array(images.sha256),
    )  # fmt: skip
    write_npz(tmp_path / "split.npz", dict(zip(SPLIT_ARRAYS, values, strict=True)))
    expected = {path.stem: path.read_text() for path in export_splits(tmp_path / "split.npz", images, tmp_path)}
    for split in splits:
        with page.expect_download() as download:
            shown.locator(f"[data-split={split}]").click()
        assert Path(download.value.path()).read_text(encoding="utf-8") == expected[split]


def test_z_is_moved_by_hand(page: Any, site: Run) -> None:
    found = gbi.collect(site)["generations"]
    page.goto(f"{site.out.as_uri()}/gbi.html")

    def place(name: str) -> int:
        return int(
            page.eval_on_selector(
                f"#{name} i",
                "(t) => Number(t.style.getPropertyValue('--c')) + whichtask.data().sheet.columns * "
                "Number(t.style.getPropertyValue('--r'))",
            )
        )

    assert (place("original"), place("made")) == (found.originals[0], found.uniform[0])
    page.focus("#z")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert place("made") == found.decoded[0][1]
    assert page.inner_text("#z-now") == "class 1"
    page.check("[name=image][value='2']", force=True)
    assert (place("original"), place("made")) == (found.originals[2], found.decoded[2][1])
    shares = [f"{100 * share:.0f} %" for share in found.posterior[2]]
    cells = page.locator("#posterior td:last-child").all_inner_texts()
    assert [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in cells] == shares
    assert page.locator("#posterior th[scope=row]").all_inner_texts() == ["0", "1", "2, true"]


def test_claims_are_filtered_and_opened(page: Any, site: Run) -> None:
    collected = claims.collect(site)
    every = [claim for score in collected["scores"] for claim in score.claims]
    page.goto(f"{site.out.as_uri()}/claims.html")
    assert page.locator(".claim:visible").count() == len(every)
    for verdict in collected["verdicts"]:
        page.check(f"[name=verdict][value='{verdict}']", force=True)
        fitting = [claim for claim in every if claim.verdict == verdict]
        assert page.locator(".claim:visible").count() == len(fitting)
        assert page.inner_text("#count").startswith(f"{len(fitting)} of {len(every)} claims")
    page.reload()
    assert page.locator(f"[name=verdict][value='{collected['verdicts'][-1]}']").is_checked()
    page.goto(f"{site.out.as_uri()}/claims.html#discovered_above_random")
    assert page.locator("#discovered_above_random table").is_visible()
    page.click("#discovered_above_random a")
    assert page.url.endswith("/figures.html#td_as_by_source")


def test_figures_are_enlarged_with_the_keyboard(page: Any, site: Run) -> None:
    page.goto(f"{site.out.as_uri()}/figures.html")
    page.focus("#gbi_mnist_table .zoom")
    page.keyboard.press("Enter")
    assert page.locator("#large").is_visible()
    assert page.inner_text("#large-title") == "gbi_mnist_table"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#large-title") == "td_as_by_source"
    page.click("#after")
    assert page.inner_text("#large-title") == "gbi_mnist_table"
    assert page.get_attribute("#large img", "src") == "files/gbi_mnist_table.webp"
    page.keyboard.press("Escape")
    assert not page.locator("#large").is_visible()
    assert page.evaluate("document.activeElement.matches('#gbi_mnist_table .zoom')")
    table = site.out / page.get_attribute("#td_as_by_source figcaption a", "href")
    assert table.read_bytes() == Path(site.plan.at("figures/td_as_by_source.csv")).read_bytes()
