// Plotly's script is large: the first scene asks for it.
let zooPlotlyComing = null;

/** Resolves once `Plotly` is there. One that did not come is asked for again by the next scene. */
function zooPlotly() {
  zooPlotlyComing ??= new Promise((come, failed) => {
    const script = document.createElement("script");
    script.src = zooPlotlyScript;
    script.onload = come;
    script.onerror = () => {
      zooPlotlyComing = null;
      script.remove();
      failed();
    };
    document.head.append(script);
  });
  return zooPlotlyComing;
}
