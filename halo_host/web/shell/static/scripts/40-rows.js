/* Rows that open: data-href a page of ours, data-open one at the provider, in a new tab. */
(function () {
  "use strict";
  const CONTROLS = "a, button, input, select, textarea, label, summary, details";

  function away(address) {
    window.open(address, "_blank", "noopener,noreferrer");
  }
  function rowOf(event, mark) {
    const row = event.target.closest(`[${mark}]`);
    return row && (event.target === row || !event.target.closest(CONTROLS)) ? row : null;
  }

  /* After a tick, what the page's other forms decide is about the version that it has led to. */
  document.addEventListener("htmx:load", (event) => {
    const version = event.detail.elt.querySelector("#review-version");
    if (event.detail.elt.id !== "review-bar" || !version) return;
    for (const field of document.querySelectorAll("[data-review-version]")) {
      field.value = version.value;
    }
  });
  document.addEventListener("click", (event) => {
    const row = rowOf(event, "data-href");
    if (!row || row.hasAttribute("data-open") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else window.location.assign(row.dataset.href);
  });
  document.addEventListener("dblclick", (event) => {
    const row = rowOf(event, "data-open");
    if (row) {
      getSelection().removeAllRanges();
      away(row.dataset.open);
    }
  });
  document.addEventListener("keydown", (event) => {
    const row = event.target;
    if (!(row instanceof HTMLElement) || !row.matches("[data-open], [data-href]")) return;
    if (event.key === "Enter") {
      if (row.dataset.open) away(row.dataset.open);
      else window.location.assign(row.dataset.href);
    }
    const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!way) return;
    event.preventDefault();
    let next = row[way];
    while (next && !next.matches("[data-open], [data-href]")) next = next[way];
    if (next) next.focus();
  });
})();
