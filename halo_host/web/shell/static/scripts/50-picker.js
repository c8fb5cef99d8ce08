/* The searchable picker: a combobox whose choices the host finds. */
(function () {
  "use strict";

  /* Of each picker, what was chosen last. */
  const chosen = new WeakMap();

  function parts(node) {
    const picker = node.closest("[data-picker]");
    return picker && {
      picker,
      text: picker.querySelector("[data-picker-text]"),
      value: picker.querySelector("[data-picker-value]"),
      list: picker.querySelector("[data-picker-choices]"),
    };
  }
  function show(it, open) {
    it.list.classList.toggle("is-open", open);
    it.text.setAttribute("aria-expanded", String(open));
    if (!open) it.text.removeAttribute("aria-activedescendant");
  }
  function choices(it) {
    return [...it.list.querySelectorAll("[data-value]")];
  }
  function point(it, place) {
    const all = choices(it);
    all.forEach((choice, number) => {
      choice.id = `${it.list.id}-${number}`;
      choice.setAttribute("aria-selected", String(number === place));
    });
    if (all[place]) {
      it.text.setAttribute("aria-activedescendant", all[place].id);
      all[place].scrollIntoView({ block: "nearest" });
    }
  }
  function pointed(it) {
    return choices(it).findIndex((choice) => choice.getAttribute("aria-selected") === "true");
  }
  function remember(it) {
    chosen.set(it.picker, { value: it.value.value, text: it.text.value });
  }
  /* Whoever empties the field chooses nothing; what is typed and no choice changes nothing. */
  function settle(it) {
    show(it, false);
    if (it.value.value) return;
    if (it.text.value && chosen.has(it.picker)) {
      const { value, text } = chosen.get(it.picker);
      it.value.value = value;
      it.text.value = text;
    } else {
      it.text.value = "";
      remember(it);
    }
  }
  function choose(it, choice) {
    it.value.value = choice.dataset.value;
    it.text.value = choice.dataset.text;
    remember(it);
    it.picker.setAttribute("data-chosen", "");
    show(it, false);
    it.value.dispatchEvent(new Event("input", { bubbles: true }));
    it.value.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (!event.target.matches("[data-picker-choices]")) return;
    const it = parts(event.target);
    /* An answer to what was typed before the choice comes too late to open the list again. */
    if (document.activeElement !== it.text || it.picker.hasAttribute("data-chosen")) return;
    show(it, true);
    point(it, choices(it).length ? 0 : -1);
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-picker-text]")) return;
    const it = parts(event.target);
    it.value.value = "";
    it.picker.removeAttribute("data-chosen");
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-picker-text]")) {
      const it = parts(event.target);
      if (!chosen.has(it.picker)) remember(it);
      it.picker.removeAttribute("data-chosen");
      if (it.list.childElementCount) show(it, true);
    }
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.matches("[data-picker-text]")) settle(parts(event.target));
  });
  document.addEventListener(
    "submit",
    (event) => {
      for (const text of event.target.querySelectorAll("[data-picker-text]")) settle(parts(text));
    },
    true,
  );
  /* Before the field loses the focus. */
  document.addEventListener("mousedown", (event) => {
    const choice = event.target.closest("[data-picker-choices] [data-value]");
    if (!choice) return;
    event.preventDefault();
    choose(parts(choice), choice);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-picker-text]")) return;
    const it = parts(event.target);
    const open = it.list.classList.contains("is-open");
    const all = choices(it);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        if (all.length) show(it, true);
        else {
          it.picker.removeAttribute("data-chosen");
          it.text.dispatchEvent(new CustomEvent("halo:open"));
        }
      }
      const step = event.key === "ArrowDown" ? 1 : -1;
      point(it, Math.max(0, Math.min(all.length - 1, pointed(it) + step)));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (all[pointed(it)]) choose(it, all[pointed(it)]);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      show(it, false);
    }
  });
})();
