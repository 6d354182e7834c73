// Draws the points once; later values only restyle them, so the camera and the one WebGL context stay.
// The points lie in the unit sphere, so a cube of fixed ranges shows every shape whole.
const axis = { visible: false, showspikes: false, range: [-1, 1] };
const layout = {
  margin: { l: 0, r: 0, t: 0, b: 0 },
  paper_bgcolor: "rgba(0,0,0,0)",
  showlegend: false,
  uirevision: "camera",
  scene: { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "cube", camera: { eye: { x: 0.8, y: -0.8, z: 0.45 } } },
};
const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["tableRotation", "resetCameraLastSave3d"] };

function draw() {
  const plot = element.querySelector(".cloud");
  const value = props.value;
  if (!plot || !value || !value.x) return;
  const points = {
    type: "scatter3d",
    mode: "markers",
    x: value.x,
    y: value.y,
    z: value.z,
    customdata: value.weight,
    hovertemplate: "weight %{customdata:.3g}<extra></extra>",
    marker: { size: value.x.length > 4000 ? 2 : value.x.length > 300 ? 4 : 7, color: value.color, opacity: 1, line: { color: "rgba(150,150,170,0.6)", width: 1 } },
  };
  Plotly.react(plot, [points], layout, config);
}

watch("value", draw);
draw();
