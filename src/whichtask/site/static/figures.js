"use strict";
/* Figures in full size, one after the other. */
if (document.getElementById("large")) {
  const dialog = document.getElementById("large");
  const figures = [...document.querySelectorAll(".drawn")];
  const picture = dialog.querySelector("img");
  let current = 0;

  function show(place) {
    current = (place + figures.length) % figures.length;
    const figure = figures[current];
    const small = figure.querySelector("img");
    Object.assign(picture, { src: small.getAttribute("src"), alt: small.alt });
    picture.width = small.getAttribute("width");
    picture.height = small.getAttribute("height");
    dialog.querySelector("h2").textContent = figure.id;
    dialog.querySelector("p").textContent = figure.querySelector("figcaption p").textContent;
    dialog.querySelector(".canvas").scrollTo(0, 0);
  }

  figures.forEach((figure, place) => {
    figure.querySelector(".zoom").onclick = (event) => {
      event.preventDefault();
      show(place);
      dialog.showModal();
    };
  });
  document.getElementById("before").onclick = () => show(current - 1);
  document.getElementById("after").onclick = () => show(current + 1);
  document.getElementById("close").onclick = () => dialog.close();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  dialog.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    // The keys scroll a picture that is wider than the window.
    const canvas = dialog.querySelector(".canvas");
    if (!by || (document.activeElement === canvas && canvas.scrollWidth > canvas.clientWidth)) return;
    event.preventDefault();
    show(current + by);
  };
  dialog.onclose = () => figures[current].querySelector(".zoom").focus();
}
