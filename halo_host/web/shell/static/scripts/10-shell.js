/* Menus, navigation on narrow screens, light and dark, the search field. */
(function () {
  "use strict";
  const root = document.documentElement;
  const body = document.body;

  function keep(form, name, value) {
    const data = new URLSearchParams(new FormData(form));
    data.set(name, value);
    fetch(form.action, {
      method: "POST",
      body: data,
      headers: { "X-Halo-Part": "kept" },
    }).catch(() => {});
  }

  /* Light or dark at once; the choice is kept for the next page. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-theme-form]") && event.submitter) {
      event.preventDefault();
      const value = event.submitter.value;
      root.toggleAttribute("data-theme-chosen", value !== "");
      if (value) root.setAttribute("data-bs-theme", value);
      else window.haloFollowDevice();
      for (const each of document.querySelectorAll("[data-theme-form] button")) {
        each.setAttribute("aria-pressed", String(each.value === value));
      }
      keep(form, "theme", value);
    }
    if (form.matches("[data-navigation-form]") && event.submitter) {
      event.preventDefault();
      const value = event.submitter.value;
      body.classList.toggle("narrow-navigation", value === "narrow");
      event.submitter.value = value === "narrow" ? "wide" : "narrow";
      keep(form, "navigation", value);
    }
  });

  /* The navigation as a drawer. */
  const opener = document.querySelector("[data-navigation-open]");
  const drawer = document.getElementById("navigation");
  function openDrawer(open) {
    body.classList.toggle("navigation-open", open);
    opener.setAttribute("aria-expanded", String(open));
    document.querySelector(".desk").inert = open;
    if (open) drawer.querySelector("[data-navigation-close]").focus();
    else opener.focus();
  }
  if (opener) {
    opener.addEventListener("click", () => openDrawer(true));
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-navigation-close]")) openDrawer(false);
    });
    window.matchMedia("(min-width: 992px)").addEventListener("change", () => {
      if (body.classList.contains("navigation-open")) openDrawer(false);
    });
  }

  /* One menu at a time; a click beside it or Escape closes it. */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (!event.target.closest("[data-finder]")) closeFinder();
    if (event.target.closest("[data-back]")) history.back();
  });
  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest("details[data-menu][open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (body.classList.contains("navigation-open")) openDrawer(false);
    closeFinder();
  });

  /* Search: "/" goes there, arrows walk through what was found. */
  const finder = document.getElementById("finder");
  const found = document.getElementById("finder-found");
  function closeFinder() {
    if (found) found.classList.remove("is-open");
  }
  if (finder) {
    document.addEventListener("keydown", (event) => {
      const writing = event.target.closest("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        finder.focus();
        finder.select();
      }
    });
    found.addEventListener("htmx:afterSwap", () => {
      const wanted = document.activeElement === finder && finder.value.trim() !== "";
      found.classList.toggle("is-open", wanted && found.childElementCount > 0);
    });
    finder.addEventListener("focus", () => {
      found.classList.toggle("is-open", found.childElementCount > 0 && finder.value.trim() !== "");
    });
    finder.form.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const links = [...found.querySelectorAll("a")];
      if (!links.length) return;
      event.preventDefault();
      const place = links.indexOf(document.activeElement);
      const next = event.key === "ArrowDown" ? place + 1 : place - 1;
      if (next < 0) finder.focus();
      else links[Math.min(next, links.length - 1)].focus();
    });
  }

  /* The open tab of a ribbon is in sight. */
  for (const ribbon of document.querySelectorAll("[data-ribbon]")) {
    const current = ribbon.querySelector("[aria-current]");
    if (current) ribbon.scrollLeft = current.offsetLeft - 48;
  }
})();
