/* Before the page is painted: dark where the device is and the viewer did not choose. */
(function () {
  "use strict";
  var root = document.documentElement;
  var device = window.matchMedia("(prefers-color-scheme: dark)");
  function follow() {
    if (!root.hasAttribute("data-theme-chosen")) {
      root.setAttribute("data-bs-theme", device.matches ? "dark" : "light");
    }
  }
  follow();
  device.addEventListener("change", follow);
  window.haloFollowDevice = follow;
})();
