"use strict";
/* The quiz: a session over several tasks of a set, drawn by a seed. */
if (document.getElementById("data")) {
  const { make, tiles, percent, answers } = whichtask;
  const quiz = whichtask.data();
  const store = answers.store(quiz.run);
  const form = document.getElementById("setup");
  const stage = document.getElementById("quiz");
  const message = document.getElementById("message");

  /** Random numbers in 0..1 that are always the same for the same text (xfnv1a and mulberry32). */
  function generator(text) {
    let state = 2166136261;
    for (const sign of text) state = Math.imul(state ^ sign.codePointAt(0), 16777619);
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function shuffled(items, random) {
    const mixed = [...items];
    for (let k = mixed.length - 1; k > 0; k -= 1) {
      const other = Math.floor(random() * (k + 1));
      [mixed[k], mixed[other]] = [mixed[other], mixed[k]];
    }
    return mixed;
  }

  /** Draw the images of one task: a fair coin chooses the side of each, so guessing is right half of the time. */
  function draw(task, count, random) {
    const places = shuffled([...task.asked].map((_, place) => place), random);
    const left = [0, 1].map((side) => places.filter((place) => task.asked[place] === String(side)));
    const drawn = [];
    while (drawn.length < Math.min(count, places.length)) {
      const side = random() < 0.5 ? 0 : 1;
      drawn.push((left[side].length ? left[side] : left[1 - side]).pop());
    }
    return drawn;
  }

  function start({ set, seed, tasks, images }) {
    const chosen = shuffled(set.tasks, generator(`${seed}/${set.key}`)).slice(0, tasks);
    const session = { set, seed, id: new Date().toISOString(), rows: [] };
    form.hidden = true;
    stage.hidden = false;
    const ask = (k) => {
      if (k === chosen.length) { finish(session); return; }
      const random = generator(`${seed}/${set.key}/${chosen[k].name}`);
      askTask(session, chosen[k], draw(chosen[k], images, random), `Task ${k + 1} of ${chosen.length}`, () => ask(k + 1));
    };
    ask(0);
  }

  function side(set, task, number) {
    return make("div", { className: `side side-${number}` },
      make("h3", {}, `Side ${number}`),
      tiles(set.sheet, task.sides[number], `${task.sides[number].length} images on side ${number}`));
  }

  /** One image to sort, with a button for each side. */
  function question(set, place, number) {
    const pair = make("div", { className: "pair" }, ...[0, 1].map((value) => make("label", { className: `side-${value}` },
      make("input", { type: "radio", name: `image-${number}`, value }), make("span", {}, String(value)))));
    return make("fieldset", {}, make("legend", {}, `Image ${number}`),
      tiles(set.quiz, [place], `New image ${number}`), pair, make("span", { className: "verdict" }));
  }

  const answerOf = (field) => field.querySelector("input:checked")?.value;

  function askTask({ set, seed, id, rows }, task, places, heading, next) {
    const title = make("h2", { tabIndex: -1 }, heading);
    title.dataset.task = task.name;
    const fields = places.map((place, k) => question(set, place, k + 1));
    const result = make("div", {});
    result.setAttribute("role", "status");
    const evaluate = make("button", { type: "submit", className: "main" }, "Evaluate");
    const asked = make("form", {}, make("h3", {}, "Which side are these new images on?"),
      make("p", {}, make("small", {}, "Choose with the buttons, or type 0 or 1 once one of them has the focus.")),
      make("div", { className: "asked" }, ...fields), make("p", { className: "actions" }, evaluate), result);
    asked.onkeydown = (event) => {
      const field = event.target.closest("fieldset");
      if (!field || !["0", "1"].includes(event.key)) return;
      field.querySelector(`input[value="${event.key}"]`).checked = true;
      const open = fields.find((one, k) => k > fields.indexOf(field) && !answerOf(one)) || fields.find((one) => !answerOf(one));
      (open ? open.querySelector("input") : evaluate).focus();
    };
    asked.onsubmit = (event) => {
      event.preventDefault();
      const open = fields.filter((field) => !answerOf(field));
      if (open.length) {
        result.replaceChildren(make("p", {}, `${open.length} of ${fields.length} images are left to answer.`));
        open[0].querySelector("input").focus();
        return;
      }
      const own = places.map((place, k) => ({ run: quiz.run, session: id, set: set.key, task: task.name, seed, number: k + 1,
        image: place, side: Number(task.asked[place]), answer: Number(answerOf(fields[k])) }));
      rows.push(...own);
      store.add(own);
      summarise();
      mark(fields, own);
      evaluate.remove();
      const go = make("button", { type: "button", className: "main", onclick: next }, "Next");
      result.replaceChildren(...verdict(task, own), make("p", {}, go));
      go.focus();
    };
    stage.replaceChildren(title, make("div", { className: "sides" }, side(set, task, 0), side(set, task, 1)), asked);
    title.focus();
  }

  function mark(fields, rows) {
    fields.forEach((field, k) => {
      const right = rows[k].side === rows[k].answer;
      field.classList.add(right ? "right" : "wrong");
      field.querySelector(".verdict").textContent = right ? "right" : `no: side ${rows[k].side}`;
      field.querySelectorAll("input").forEach((input) => { input.disabled = true; });
    });
  }

  function verdict(task, rows) {
    const right = rows.filter((row) => row.side === row.answer).length;
    const networks = task.agreement === null ? "" :
      ` Two networks agree with each other on ${percent(task.agreement)} of new images, and with the task on ${percent(task.network)}.`;
    return [make("p", {}, make("strong", {}, answers.inWords(right, rows.length)), ` on ${task.name}. Guessing: 50\u00a0%.${networks}`)];
  }

  function finish({ set, rows, seed }) {
    const right = rows.filter((row) => row.side === row.answer).length;
    const title = make("h2", { tabIndex: -1 }, "Your score");
    const again = make("button", { type: "button", className: "main", onclick: () => {
      stage.hidden = true;
      form.hidden = false;
      form.elements.seed.value = newSeed();
      form.elements.seed.focus();
    } }, "Another quiz");
    stage.replaceChildren(title, make("p", { className: "score" }, make("strong", {}, percent(right / rows.length)),
      make("span", {}, `${answers.inWords(right, rows.length)}. Guessing: 50\u00a0%.`)), table(rows),
      make("p", {}, `Set: ${set.title}. Seed: ${seed}. The address of this page asks others the same images.`), make("p", {}, again));
    title.focus();
  }

  /** Accuracy by task, beside the networks'. */
  function table(rows) {
    const head = ["Task", "Right", "Accuracy", "95\u00a0% interval", "Networks agree"];
    const body = answers.byTask(rows).map(({ set, task, right, n }) => {
      const own = quiz.sets.find((one) => one.key === set);
      const agreement = own.tasks.find((one) => one.name === task).agreement;
      const [low, high] = answers.wilson(right, n);
      const cells = [`${right} of ${n}`, percent(right / n), `${percent(low)} to ${percent(high)}`, percent(agreement)];
      return make("tr", {}, make("th", { scope: "row" }, task, " ", make("small", {}, own.title)), ...cells.map((cell) => make("td", {}, cell)));
    });
    // What is wider than the screen scrolls, also with the keyboard.
    return make("div", { className: "wide", tabIndex: 0, role: "region", ariaLabel: "Accuracy by task" }, make("table", {},
      make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, ...body)));
  }

  function summarise() {
    const rows = store.all();
    const right = rows.filter((row) => row.side === row.answer).length;
    document.getElementById("summary").replaceChildren(...(rows.length
      ? [make("p", {}, `${answers.inWords(right, rows.length)}.`), table(rows)] : [make("p", {}, "None yet.")]));
    for (const id of ["csv", "json", "forget"]) document.getElementById(id).disabled = !rows.length;
  }

  const newSeed = () => Math.floor(Math.random() * 1e6);

  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of ["set", "tasks", "images", "seed"]) {
      const field = form.elements[name];
      const before = field.value;
      if (given.has(name)) field.value = given.get(name);
      if (!field.value || !field.checkValidity()) field.value = before;
    }
    if (!form.elements.seed.value) form.elements.seed.value = newSeed();
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    history.replaceState(null, "", `#${new URLSearchParams(given)}`);
    const { seed, tasks, images } = given;
    start({ set: quiz.sets.find((set) => set.key === given.set), seed: Number(seed), tasks: Number(tasks), images: Number(images) });
  };
  document.getElementById("csv").onclick = () => whichtask.download(`quiz-${quiz.run}.csv`, "text/csv", answers.toCsv(store.all()));
  document.getElementById("json").onclick = () =>
    whichtask.download(`quiz-${quiz.run}.json`, "application/json", JSON.stringify({ run: quiz.run, answers: store.all() }));
  document.getElementById("import").onchange = async (event) => {
    const said = [];
    for (const file of event.target.files) {
      try {
        said.push(`${file.name}: ${store.add(answers.read(await file.text(), quiz))} answers added.`);
      } catch (error) {
        said.push(`${file.name}: ${error.message}.`);
      }
    }
    message.textContent = said.join(" ");
    event.target.value = "";
    summarise();
  };
  document.getElementById("forget").onclick = () => {
    if (!confirm("Forget all answers kept in this browser?")) return;
    store.forget();
    message.textContent = "Forgotten.";
    summarise();
  };
  addEventListener("hashchange", fromAddress);
  fromAddress();
  summarise();
}
