(function (w, d, n) {
  if (w.shopwindowClicks) return;
  w.shopwindowClicks = 1;
  var ours = /^(\/[^\/\\?#]+)*\/-\/shopwindow\/(click|uncounted)\/[\w.~\/-]+$/;
  function tell(e) {
    var a = e.target;
    a = a && a.closest && a.closest("[data-sw-click]");
    if (!a || !e.isTrusted || (e.type == "auxclick" && e.button != 1)) return;
    a = a.getAttribute("data-sw-click");
    if (!ours.test(a)) return;
    if (!n.sendBeacon || !n.sendBeacon(a)) fetch(a, { method: "POST", keepalive: true });
  }
  d.addEventListener("click", tell, true);
  d.addEventListener("auxclick", tell, true);
})(window, document, navigator);
