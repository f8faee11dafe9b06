"use strict";
/* What scripts of several pages share. Plain scripts, as modules do not load from a disk. */
const whichtask = {
  /** The data that the page carries. */
  data: () => JSON.parse(document.getElementById("data").textContent),

  /** Make an element: whichtask.make("p", {className: "x"}, "text", child). */
  make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  },

  /** Make the element that shows one tile; its parent has the class sheet.id. */
  tile(sheet, place) {
    const tile = document.createElement("i");
    tile.style.setProperty("--c", place % sheet.columns);
    tile.style.setProperty("--r", Math.floor(place / sheet.columns));
    return tile;
  },

  /** Make a row of tiles. */
  tiles(sheet, places, label) {
    const row = whichtask.make("div", { className: `tiles ${sheet.id}` }, ...places.map((p) => whichtask.tile(sheet, p)));
    row.setAttribute("role", "img");
    row.setAttribute("aria-label", label);
    return row;
  },

  percent: (share, digits = 0) => (share === null ? "–" : `${(100 * share).toFixed(digits)}\u00a0%`),

  /** Write a value as a cell of CSV. */
  csvCell: (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value)),

  /** Hand a text to the visitor as a file. */
  download(name, type, text) {
    const link = whichtask.make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  },
};
