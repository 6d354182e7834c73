// The address of the page says what the open tab shows, so that it opens again: for another day, or another person.
const zooQueries = {}; // of each tab, what it shows
let zooNamed = new URLSearchParams(location.search).get("tab"); // the tab to open, until the visitor chooses one

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[role=tab]")) zooNamed = null;
});

/** The page has taken in its address: the tab it names is opened. */
function zooOpenNamed() {
  document.getElementById(`tab-${zooNamed}-button`)?.click();
}

/** A view has another map: `element` is its own, `base` the input's and `value` the map's. */
function zooShown(element, base, value) {
  const tab = new URLSearchParams(value.query).get("tab");
  zooQueries[tab] = value.query + (base.example ? "&example=" + encodeURIComponent(base.example) : "");
  if (element.offsetParent) zooOpened(tab);
}

/** The address now names what `tab` shows; what Gradio keeps there (__theme and the like) stays. */
function zooOpened(tab) {
  const own = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("__"));
  const kept = new URLSearchParams(own).toString();
  const query = zooQueries[tab] || "tab=" + tab;
  history.replaceState(history.state, "", "?" + query + (kept && "&" + kept));
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest(".copy-link");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy the link"), 2000);
  } catch {
    window.prompt("The link to this very view", location.href); // a page that is not secure has no clipboard
  }
});
