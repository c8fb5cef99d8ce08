/* What htmx sends and gets: the token against forged requests, errors, short messages. */
(function () {
  "use strict";
  const region = document.getElementById("toasts");
  const ICONS = {
    success: "M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0 M9 12l2 2l4 -4",
    other: "M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0 M12 8v4 M12 16h.01",
    close: "M18 6l-12 12 M6 6l12 12",
  };

  function drawing(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("class", "icon");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  function show(text, tone) {
    const toast = document.createElement("div");
    const words = document.createElement("span");
    const close = document.createElement("button");
    toast.className = `toast-note toast-${tone}`;
    toast.setAttribute("data-toast", "");
    words.textContent = text;
    close.type = "button";
    close.className = "toast-close";
    close.setAttribute("data-toast-close", "");
    close.setAttribute("aria-label", "Dismiss");
    close.append(drawing(ICONS.close));
    toast.append(drawing(ICONS[tone] || ICONS.other), words, close);
    region.append(toast);
    expire(toast);
  }

  /* Errors stay until somebody closes them. */
  function expire(toast) {
    if (toast.matches(".toast-danger, .toast-warning")) return;
    setTimeout(() => {
      if (!toast.matches(":hover, :focus-within")) toast.remove();
      else expire(toast);
    }, 6000);
  }

  region.querySelectorAll("[data-toast]").forEach(expire);
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-toast-close]");
    if (close) close.closest("[data-toast]").remove();
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("meta[name=csrf-token]");
    if (token && event.detail.verb !== "get") {
      event.detail.headers["X-CSRF-Token"] = token.content;
    }
  });
  /* Leaving a search field asks for the same list again: once in the history is enough. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.matches(".filters")) return;
    const asked = new URL(event.detail.pathInfo.finalRequestPath, location.href);
    if (asked.href === location.href) event.preventDefault();
  });
  document.addEventListener("halo:toasts", (event) => {
    const listed = event.detail.value || event.detail;
    for (const each of listed) show(each.text, each.tone);
  });
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    if (answer.getResponseHeader("HX-Redirect")) return;
    let text = "That did not work.";
    try {
      text = JSON.parse(answer.responseText).message || text;
    } catch {
      /* It was no JSON: a proxy answered. */
    }
    show(text, "danger");
  });
  document.addEventListener("htmx:sendError", () => {
    show("The host cannot be reached. Check the connection and try again.", "danger");
  });
  document.addEventListener("htmx:timeout", () => {
    show("The host took too long to answer. Try again.", "danger");
  });

  /* A line on top while the host is asked, once that takes long enough to wonder. */
  let asking = 0;
  function count(step) {
    asking = Math.max(0, asking + step);
    if (!asking) document.body.classList.remove("is-asking");
    else setTimeout(() => document.body.classList.toggle("is-asking", asking > 0), 250);
  }
  document.addEventListener("htmx:beforeSend", () => count(1));
  document.addEventListener("htmx:afterRequest", () => count(-1));

  window.halo = { say: show };
})();
