"use strict";
/* Claims of one verdict; the address says which, or which claim is open. */
if (document.getElementById("filters")) {
  const form = document.getElementById("filters");
  const claims = [...document.querySelectorAll(".claim")];
  const count = document.getElementById("count");

  function show() {
    const verdict = form.elements.verdict.value;
    claims.forEach((claim) => { claim.hidden = Boolean(verdict) && claim.dataset.verdict !== verdict; });
    const left = claims.filter((claim) => !claim.hidden).length;
    count.textContent = `${left} of ${claims.length} claims`;
    document.querySelectorAll(".paper").forEach((paper) => {
      paper.hidden = !paper.querySelector(".claim:not([hidden])");
      paper.querySelector(".how-many").textContent = `${paper.querySelectorAll(".claim:not([hidden])").length} claims`;
    });
  }

  function addressed() {
    const hash = decodeURIComponent(location.hash.slice(1));
    const radios = [...form.elements.verdict];
    const claim = claims.find((one) => one.id === hash);
    const radio = radios.find((one) => one.value === (claim ? "" : hash));
    if (radio) radio.checked = true;
    show();
    if (!claim) return;
    claim.open = true;
    claim.scrollIntoView();
  }

  form.onsubmit = (event) => event.preventDefault();
  form.onchange = () => {
    const verdict = form.elements.verdict.value;
    history.replaceState(null, "", verdict ? `#${encodeURIComponent(verdict)}` : location.pathname);
    show();
  };
  claims.forEach((claim) => {
    claim.querySelector("summary").addEventListener("click", () => {
      if (!claim.open) history.replaceState(null, "", `#${claim.id}`);
    });
  });
  addEventListener("hashchange", addressed);
  addressed();
}
