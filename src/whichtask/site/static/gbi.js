"use strict";
/* Z by hand: what the decoder made of an image's code with each Z that the run holds; nothing is made up between them. */
if (document.getElementById("hand")) {
  const found = whichtask.data();
  const form = document.getElementById("hand");
  const range = document.getElementById("z");
  const rows = document.querySelector("#posterior tbody");

  function put(id, place, label) {
    const box = document.getElementById(id);
    box.replaceChildren(whichtask.tile(found.sheet, place));
    box.setAttribute("aria-label", label);
  }

  function show() {
    const image = Number(form.elements.image.value);
    const z = Number(range.value) - 1;
    const text = z < 0 ? "uniform: every class alike" : `class ${z}`;
    put("original", found.originals[image], `the image, a ${found.labels[image]}`);
    put("made", z < 0 ? found.uniform[image] : found.decoded[image][z], `decoded with Z ${text}`);
    document.getElementById("z-now").textContent = text;
    range.setAttribute("aria-valuetext", text);
    rows.replaceChildren(...found.posterior[image].map((share, k) => {
      const bar = whichtask.make("span", { className: "strip" }, whichtask.make("span", {}));
      bar.firstChild.style.width = `${100 * share}%`;
      const name = whichtask.make("th", { scope: "row" }, k === found.labels[image] ? `${k}, true` : `${k}`);
      return whichtask.make("tr", {}, name, whichtask.make("td", {}, bar), whichtask.make("td", {}, whichtask.percent(share)));
    }));
  }

  form.oninput = show;
  form.onsubmit = (event) => event.preventDefault();
  show();
}
