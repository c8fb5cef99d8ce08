/* Unsaved changes are guarded, errors get the focus, questions open as dialogs. */
(function () {
  "use strict";
  const changed = new Set();

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (!form) return;
    changed.add(form);
    form.setAttribute("data-changed", "");
  });
  document.addEventListener("submit", (event) => changed.delete(event.target));
  document.addEventListener("htmx:beforeRequest", (event) => changed.delete(event.target));
  /* A form that stays on the page when it is saved, such as a choice on a row. */
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target;
    if (!form.matches("form[data-stays]")) return;
    if (!event.detail.successful) {
      changed.add(form);
      return;
    }
    form.removeAttribute("data-changed");
    const held = form.contains(document.activeElement) || document.activeElement === document.body;
    if (held) form.querySelector("select, input:not([type=hidden])").focus();
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });

  function focusErrors(within) {
    const summary = within.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  }
  focusErrors(document);
  document.addEventListener("htmx:afterSettle", (event) => focusErrors(event.target));

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog).showModal();
    if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog").close();
    if (event.target.matches("dialog.dialog")) event.target.close();
  });

  /* A form is sent once, however often somebody clicks. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
    if (form.hasAttribute("data-sent")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("data-sent", "");
    setTimeout(() => form.removeAttribute("data-sent"), 4000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      form.removeAttribute("data-sent");
    }
  });
})();
