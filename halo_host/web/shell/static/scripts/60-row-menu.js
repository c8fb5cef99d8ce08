/* The context menu of a row that opens at the provider: by the right button, or the menu key. */
(function () {
  "use strict";
  let menu = null;
  let owner = null;

  function close(focus) {
    if (!menu) return;
    menu.remove();
    menu = null;
    if (focus && owner) owner.focus();
    owner = null;
  }
  function item(text, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "menu-item";
    button.setAttribute("role", "menuitem");
    button.textContent = text;
    button.addEventListener("click", () => {
      close(true);
      act();
    });
    return button;
  }
  function copy(text, said) {
    navigator.clipboard.writeText(text).then(
      () => window.halo.say(said, "success"),
      () => window.halo.say("The browser does not let this page copy.", "warning"),
    );
  }
  function open(row, x, y) {
    close(false);
    const address = row.dataset.open;
    const page = row.querySelector('a[href^="/payments/"]');
    const named = row.closest("[data-provider]");
    const where = named ? `in ${named.dataset.provider}` : "at the provider";
    menu = document.createElement("div");
    menu.className = "menu-sheet row-menu";
    menu.setAttribute("role", "menu");
    menu.setAttribute("aria-label", "What to do with this row");
    menu.append(
      item(`Open ${where}`, () => window.open(address, "_blank", "noopener,noreferrer")),
    );
    if (page) menu.append(item("Show it here", () => window.location.assign(page.href)));
    menu.append(item("Copy the link", () => copy(address, "The link is copied.")));
    (row.closest("main") || document.body).append(menu);
    owner = row;
    const box = menu.getBoundingClientRect();
    const left = Math.max(4, Math.min(x, window.innerWidth - box.width - 4));
    const top = Math.max(4, Math.min(y, window.innerHeight - box.height - 4));
    menu.style.setProperty("left", `${left}px`);
    menu.style.setProperty("top", `${top}px`);
    menu.firstElementChild.focus();
  }

  document.addEventListener("contextmenu", (event) => {
    if (menu && menu.contains(event.target)) event.preventDefault();
    const row = event.target.closest("[data-open]");
    if (!row || event.shiftKey || (event.target !== row && event.target.closest("a, input"))) return;
    event.preventDefault();
    open(row, event.clientX, event.clientY);
  });
  function isMenuKey(event) {
    return event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
  }
  document.addEventListener("keydown", (event) => {
    if (isMenuKey(event) && event.target.matches("[data-open]")) {
      event.preventDefault();
      const box = event.target.getBoundingClientRect();
      open(event.target, box.left + 24, box.top + 24);
      return;
    }
    if (!menu) return;
    const items = [...menu.children];
    const place = items.indexOf(document.activeElement);
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close(true);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : items.length - 1;
      items[(place + step) % items.length].focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (menu && !menu.contains(event.target)) close(false);
  });
  for (const away of ["wheel", "touchmove"]) {
    document.addEventListener(away, () => close(false), { passive: true });
  }
  window.addEventListener("resize", () => close(false));
})();
