// Says how old the page is when a server gives out files that nobody writes any more. Without this script the moment
// they were written still stands on the page ("As of").
(() => {
  "use strict";
  const asOf = document.querySelector("[data-written]");
  // The page is written again every five minutes; a server that knows its age has said it already.
  if (!asOf || document.querySelector(".age")) return;
  const notice = document.createElement("p");
  notice.className = "age";
  notice.setAttribute("role", "status");
  const look = () => {
    const minutes = Math.floor((Date.now() - Date.parse(asOf.dataset.written)) / 60000);
    if (minutes < 10) return;
    const length = minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    notice.textContent = asOf.dataset.old.replace("{age}", length);
    if (!notice.isConnected) document.querySelector("main").before(notice);
  };
  look();
  setInterval(look, 60000);
})();
