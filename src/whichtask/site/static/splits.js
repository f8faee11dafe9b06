"use strict";
/* Splits as CSV, as `whichtask splits-export` writes them; what they are made from is loaded with the first download. */
{
  const bytes = (key) => Uint8Array.from(atob(whichtask.splits[key]), (sign) => sign.charCodeAt(0));

  function csv(kept, split) {
    const pool = new Int32Array(bytes(kept.pool).buffer);
    const labels = bytes(kept.labels);
    const sides = bytes(kept.sides[split]);
    const isTrain = (place) => (sides[place >> 3] >> (7 - (place & 7))) & 1;
    const order = [...pool.keys()].sort((a, b) => pool[a] - pool[b]);
    const lines = order.map((place) => {
      const label = labels[place];
      return `${pool[place]},${isTrain(place) ? "train" : "test"},${label},${whichtask.csvCell(kept.names[label])}\n`;
    });
    return ["image,split,label,class_name\n", ...lines].join("");
  }

  function loaded() {
    if (whichtask.splits) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const script = whichtask.make("script", { src: "files/splits-data.js", onload: resolve, onerror: reject });
      document.head.append(script);
    });
  }

  document.querySelectorAll(".download").forEach((button) => {
    button.onclick = async () => {
      await loaded();
      const kept = JSON.parse(button.parentElement.dataset.kept);
      const name = `${kept.stem}-${button.dataset.split}.csv`.replaceAll(/[\\/:*?"<>|]/g, "_");
      whichtask.download(name, "text/csv", csv(kept, button.dataset.split));
    };
  });
}
