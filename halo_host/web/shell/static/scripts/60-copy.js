/* data-copy="id": copies what stands in the field of that id. */
(function () {
  "use strict";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      window.halo.say("Copied.", "success");
    } catch {
      /* Without https there is no clipboard for pages; what is selected can be copied by hand. */
      window.halo.say("Press Ctrl+C to copy it: it is selected.", "info");
    }
  });
})();
