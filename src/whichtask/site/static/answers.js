"use strict";
/* Answers of quizzes: kept in this browser, written to and read from CSV and JSON, summed up by task. */
{
  const COLUMNS = ["run", "session", "set", "task", "seed", "number", "image", "side", "answer"];
  const NUMBERS = ["seed", "number", "image", "side", "answer"];
  const Z = 1.959964;

  /** Wilson's 95\u00a0% interval of a share, right of n. */
  function wilson(right, n) {
    const share = right / n;
    const middle = (share + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
    const half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  }

  const toCsv = (rows) => [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => row[name]))]
    .map((cells) => `${cells.map(whichtask.csvCell).join(",")}\n`).join("");

  /** Read CSV into rows of text by column; quotes may hold commas, quotes and line ends. */
  function fromCsv(text) {
    const lines = [[""]];
    let inQuotes = false;
    for (let at = 0; at < text.length; at += 1) {
      const line = lines.at(-1);
      const sign = text[at];
      if (inQuotes && sign === '"' && text[at + 1] === '"') { line[line.length - 1] += '"'; at += 1; }
      else if (sign === '"') inQuotes = !inQuotes;
      else if (!inQuotes && sign === ",") line.push("");
      else if (!inQuotes && sign === "\n") lines.push([""]);
      else if (inQuotes || sign !== "\r") line[line.length - 1] += sign;
    }
    const [head, ...rows] = lines.filter((line) => line.length > 1);
    return rows.map((cells) => Object.fromEntries(head.map((name, k) => [name, cells[k]])));
  }

  /** Read a file's text; throws an Error with one sentence where it does not hold answers of this quiz. */
  function read(text, quiz) {
    let rows;
    try {
      rows = text.trimStart().startsWith("{") ? JSON.parse(text).answers : fromCsv(text);
    } catch {
      rows = null;
    }
    if (!Array.isArray(rows) || !rows.length || rows.some((row) => COLUMNS.some((name) => row?.[name] === undefined))) {
      throw new Error("it is damaged, or no export of this quiz");
    }
    return rows.map((row) => {
      if (row.run !== quiz.run) throw new Error(`it is of another run (${row.run}; this one is ${quiz.run})`);
      const found = Object.fromEntries(COLUMNS.map((name) => [name, NUMBERS.includes(name) ? Number(row[name]) : row[name]]));
      const task = quiz.sets.find((set) => set.key === found.set)?.tasks.find((one) => one.name === found.task);
      if (!task || task.asked[found.image] !== String(found.side) || ![0, 1].includes(found.answer)) {
        throw new Error("it is damaged: a row does not fit the tasks of this quiz");
      }
      return found;
    });
  }

  /** Answers by task: [{set, task, right, n}]. */
  function byTask(rows) {
    const found = new Map();
    for (const row of rows) {
      const key = JSON.stringify([row.set, row.task]);
      const one = found.get(key) || { set: row.set, task: row.task, right: 0, n: 0 };
      one.n += 1;
      one.right += row.side === row.answer ? 1 : 0;
      found.set(key, one);
    }
    return [...found.values()];
  }

  /** Answers that the browser keeps; where it keeps nothing, they live as long as the page. */
  function store(run) {
    const key = `whichtask-quiz-${run}`;
    let rows = [];
    try {
      rows = JSON.parse(localStorage.getItem(key)) || [];
    } catch { /* no storage, or what is in it is no JSON */ }
    const id = (row) => [row.session, row.set, row.task, row.number].join("\n");
    return {
      all: () => rows,
      add(more) {
        const known = new Set(rows.map(id));
        const fresh = more.filter((row) => !known.has(id(row)));
        rows = [...rows, ...fresh];
        try { localStorage.setItem(key, JSON.stringify(rows)); } catch { /* no storage */ }
        return fresh.length;
      },
      forget() {
        rows = [];
        try { localStorage.removeItem(key); } catch { /* no storage */ }
      },
    };
  }

  /** "8 of 10 right: 80 % (95\u00a0% interval 49 % to 94 %)" */
  function inWords(right, n) {
    const [low, high] = wilson(right, n);
    const { percent } = whichtask;
    return `${right} of ${n} right: ${percent(right / n)} (95\u00a0% interval ${percent(low)} to ${percent(high)})`;
  }

  whichtask.answers = { wilson, toCsv, read, byTask, store, inWords };
}
