// The parts of the drawn network that the control under the pointer, else the focused one, touches light up.
{
  const controlOf = (target) => (target instanceof Element ? target.closest(".touching") : null);
  let hovered = null, focused = null;

  /** Names a control may go by in the drawing: its own, and that of the lens under the pointer or chosen. */
  function nameOf(control, target) {
    const name = [...control.classList].map((c) => c.match(/^touching-(.+)$/)).find(Boolean)[1];
    if (name !== "lens") return name;
    const under = target.closest("label"), chosen = control.querySelector("input:checked");
    const radio = (under && under.querySelector("input[type=radio]")) || chosen;
    return radio ? `lens-${radio.value}` : name;
  }

  function light() {
    for (const part of document.querySelectorAll(".network .lit")) part.classList.remove("lit");
    const target = hovered || focused, control = controlOf(target);
    const panel = control && control.closest("[role=tabpanel]");
    if (!panel) return;
    const name = nameOf(control, target), asked = panel.querySelector(".touching-look input[type=number]");
    for (const part of panel.querySelectorAll(`.network [data-touched~="${name}"]`)) {
      const at = Number(part.dataset.look), look = asked ? Number(asked.value) : at;
      // The asked look alone, and of the latent transformers those that come after it.
      if (!at || (part.dataset.part === "cross" ? at === look : at >= look)) part.classList.add("lit");
    }
  }

  document.addEventListener("pointerover", (event) => ((hovered = controlOf(event.target) && event.target), light()));
  document.addEventListener("focusin", (event) => ((focused = controlOf(event.target) && event.target), light()));
  document.addEventListener("focusout", () => ((focused = null), light()));
  document.addEventListener("input", (event) => controlOf(event.target) && light());
}
