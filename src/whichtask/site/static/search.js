"use strict";
/* Meta-optimisation: the sides of the same images at the step that is chosen, by hand or as a film. */
if (document.getElementById("data")) {
  const found = whichtask.data();
  const range = document.getElementById("step");
  const play = document.getElementById("play");
  const now = document.getElementById("now");
  const live = document.getElementById("live");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const cursor = whichtask.make("div", { className: "cursor" });
  const images = [...found.sides[0]].map((_, place) => whichtask.tile(found.sheet, place));
  const boxes = [0, 1].map((side) => {
    const box = live.querySelector(`.side-${side}`);
    const tiles = whichtask.tiles(found.sheet, [], "");
    box.append(tiles);
    return { tiles, count: box.querySelector("small") };
  });
  let timer = null;

  function show(place) {
    const sides = found.sides[place];
    const before = found.sides[Math.max(0, place - 1)];
    const places = calm.matches ? null : images.map((image) => image.getBoundingClientRect());
    boxes.forEach(({ tiles, count }, side) => {
      const own = images.filter((_, k) => Number(sides[k]) === side);
      tiles.replaceChildren(...own);
      tiles.setAttribute("aria-label", `${own.length} of ${images.length} images are on side ${side}`);
      count.textContent = `${own.length} of ${images.length} images`;
    });
    let moved = 0;
    images.forEach((image, k) => {
      const came = sides[k] !== before[k];
      moved += came;
      image.classList.toggle("moved", came);
      if (places && places[k].width) glide(image, places[k]);
    });
    const step = found.steps[place];
    const score = found.scores.find((one) => one.step === step);
    const said = [
      `${step}`, `proxy agreement ${whichtask.percent(found.proxy[place])}`, `chance ${whichtask.percent(found.chance[place])}`,
      `${moved} ${moved === 1 ? "image" : "images"} changed sides`,
    ];
    if (score) said.push(`full agreement score ${whichtask.percent(score.agreement)}`);
    now.textContent = said.join(" · ");
    range.value = place;
    range.setAttribute("aria-valuetext", `step ${said.join(", ")}`);
    const [first, last] = [found.steps[0], found.steps[found.steps.length - 1]];
    cursor.style.left = `${100 * (step - first) / Math.max(1, last - first)}%`;
  }

  function glide(image, from) {
    const to = image.getBoundingClientRect();
    if (Math.abs(from.left - to.left) + Math.abs(from.top - to.top) < 1) return;
    image.animate(
      [{ transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)` }, { transform: "none" }],
      { duration: 300, easing: "ease-out" },
    );
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  play.onclick = () => {
    if (timer) { stop(); return; }
    const last = found.steps.length - 1;
    if (Number(range.value) === last) show(0);
    play.textContent = "Pause";
    timer = setInterval(() => {
      show(Math.min(last, Number(range.value) + 1));
      if (Number(range.value) === last) stop();
    }, 450);
  };
  range.oninput = () => { stop(); show(Number(range.value)); };
  document.querySelectorAll(".rest").forEach((one) => one.remove());
  live.hidden = false;
  document.getElementById("curve").append(cursor);
  show(0);
}
