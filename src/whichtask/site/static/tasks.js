"use strict";
/* Tasks, or splits: one at a time; the address says which. */
{
  const tasks = [...document.querySelectorAll(".task")];
  const sets = [...document.querySelectorAll(".set")];
  const tabs = [...document.querySelectorAll(".sets a")];
  const choose = document.getElementById("choose");
  const ask = document.getElementById("ask");
  const said = document.getElementById("said");
  let current = null;

  const inSet = (set) => tasks.filter((task) => task.closest(".set") === set);
  const titleOf = (task) => task.querySelector("h3").textContent;

  function show(task, quietly) {
    current = task;
    const set = task.closest(".set");
    sets.forEach((one) => { one.hidden = one !== set; });
    tasks.forEach((one) => { one.hidden = one !== task; });
    tabs.forEach((tab) => {
      if (tab.dataset.set === set.dataset.set) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    });
    const own = inSet(set);
    choose.replaceChildren(...own.map((one) => new Option(titleOf(one), one.id, false, one === task)));
    if (ask) ask.href = `quiz.html#set=${encodeURIComponent(set.dataset.set)}`;
    document.title = `${titleOf(task)} · whichtask`;
    if (quietly) return; // an address that is set while the page loads makes it begin at the task, below its title
    said.textContent = `${titleOf(task)}, ${own.indexOf(task) + 1} of ${own.length}`;
    // Replaced, not pushed: the way back leads out of the page, not through every task seen.
    if (location.hash !== `#${task.id}`) history.replaceState(null, "", `#${task.id}`);
  }

  function step(by) {
    const own = inSet(current.closest(".set"));
    show(own[(own.indexOf(current) + by + own.length) % own.length]);
  }

  function stepSet(by) {
    const at = (sets.indexOf(current.closest(".set")) + by + sets.length) % sets.length;
    show(inSet(sets[at])[0]);
  }

  const addressed = () => tasks.find((task) => task.id === decodeURIComponent(location.hash.slice(1)));

  if (tasks.length) {
    document.getElementById("previous").onclick = () => step(-1);
    document.getElementById("next").onclick = () => step(1);
    choose.onchange = () => show(document.getElementById(choose.value));
    tabs.forEach((tab) => {
      tab.onclick = (event) => {
        event.preventDefault();
        show(inSet(document.getElementById(`set-${tab.dataset.set}`))[0]);
      };
    });
    addEventListener("hashchange", () => { if (addressed()) show(addressed()); });
    addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || event.target.matches("select, .wide") || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (event.shiftKey) stepSet(by);
      else step(by);
    });
    show(addressed() || tasks[0], true);
  }
}
