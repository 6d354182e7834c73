// The guided tour: a card that stands in the page just before the part it speaks of, so that it covers nothing.
// It opens by itself on the first visit only, and never takes the focus unless a visitor asked for it.
{
  const SEEN = "perceiver-zoo-tour-seen";
  const shown = (selector) => [...document.querySelectorAll(selector)].find((part) => part.offsetParent);
  const STEPS = [
    [".tabs", "One tab for each kind of input. Much the same network reads them all."],
    [".goes-in", "Drop in a file of your own, or click an example. The model answers at once."],
    [".live-view", "The input, and over it how much was read from each element. Point at one for its value, click it to ask which latents read it."],
    [".asks", "How to ask: every control asks what the run left behind, and the network does not run again."],
    [".explained-row", "What attention is and is not, and the words of this page. Below the controls of each tab, “How it reads” draws the network."],
  ];
  let step = -1, steps = [];

  const card = document.createElement("aside");
  card.className = "tour";
  card.tabIndex = -1;
  card.setAttribute("aria-label", "Guided tour");
  card.innerHTML = '<p aria-live="polite"></p><span></span><button type="button" class="next"></button>' +
    '<button type="button" class="close">Close</button>';
  const next = card.querySelector(".next");

  function seen() {
    try {
      return localStorage.getItem(SEEN) !== null;
    } catch {
      return true; // nothing can be remembered here: better no tour than one at every visit
    }
  }

  function show(at) {
    for (const part of document.querySelectorAll(".toured")) part.classList.remove("toured");
    step = at;
    const [selector, text] = steps[at], part = shown(selector);
    if (!part) return close();
    part.classList.add("toured");
    part.before(card);
    card.querySelector("p").textContent = text;
    card.querySelector("span").textContent = `${at + 1} of ${steps.length}`;
    next.textContent = at + 1 < steps.length ? "Next" : "Done";
  }

  /** Open at the first step; asked: by the visitor's own hand, so that the focus may go there. */
  function open(asked) {
    steps = STEPS.filter(([selector]) => shown(selector)); // not every tab has every part
    if (!steps.length) return;
    show(0);
    if (asked) card.focus();
  }

  function close() {
    if (step < 0) return;
    const inside = card.contains(document.activeElement);
    for (const part of document.querySelectorAll(".toured")) part.classList.remove("toured");
    card.remove();
    step = -1;
    try {
      localStorage.setItem(SEEN, "1");
    } catch {}
    if (inside) document.querySelector(".tour-again")?.focus();
  }

  function onward() {
    if (step + 1 >= steps.length) return close();
    show(step + 1);
    if (step < 0) return;
    next.focus({ preventScroll: true }); // moving the card took the focus away
    card.scrollIntoView({ block: "center" });
  }

  next.addEventListener("click", onward);
  card.querySelector(".close").addEventListener("click", close);
  document.addEventListener("click", (event) => event.target instanceof Element && event.target.closest(".tour-again") && open(true));
  document.addEventListener("keydown", (event) => {
    const free = document.activeElement === document.body || card.contains(document.activeElement);
    if (event.key === "Escape" && free) close();
  });

  // The page is built by Gradio's own script: the tour opens once its parts are there.
  if (!seen()) {
    const waiting = new MutationObserver(() => {
      if (!STEPS.every(([selector]) => shown(selector))) return;
      waiting.disconnect();
      if (step < 0) open(false);
    });
    waiting.observe(document.documentElement, { childList: true, subtree: true });
  }
}
