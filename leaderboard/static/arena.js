// What a page gains with JavaScript: charts, and a submit form that says what it is doing.
"use strict";

const inDark = matchMedia("(prefers-color-scheme: dark)");

function themed(layout) {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const axis = { gridcolor: token("--line"), linecolor: token("--line"), tickcolor: token("--line") };
  const polar = layout.polar || {};
  return {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    font: { family: style.fontFamily, size: 12, color: token("--text") },
    hoverlabel: { bgcolor: token("--surface"), bordercolor: token("--line"), font: { color: token("--text") } },
    polar: {
      ...polar,
      bgcolor: "rgba(0,0,0,0)",
      radialaxis: { ...polar.radialaxis, ...axis },
      angularaxis: { ...polar.angularaxis, ...axis },
    },
  };
}

function draw(place) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  place.hidden = false;
  Plotly.react(place, figure.data, themed(figure.layout), { displayModeBar: false, responsive: true });
}

let plotly;

function loaded(address) {
  plotly ||= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    script.src = address;
    document.head.append(script);
  });
  return plotly;
}

// Plotly weighs more than all else together, so it is fetched when its chart comes near.
const nearby = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      nearby.unobserve(target);
      loaded(target.dataset.plotly).then(() => draw(target));
    }
  }
}, { rootMargin: "200px" });

function watchForm(form) {
  form.dataset.watched = "";
  const files = form.querySelector("input[type=file]");
  const note = form.querySelector("[data-files]");
  const limit = Number(form.dataset.limit);
  const megabytes = (size) => `${(size / 2 ** 20).toFixed(1)} MB`;
  files.addEventListener("change", () => {
    const size = Array.from(files.files).reduce((sum, file) => sum + file.size, 0);
    const excess = size > limit;
    files.setCustomValidity(excess ? `These files have ${megabytes(size)}; the limit is ${megabytes(limit)}.` : "");
    files.reportValidity();
    note.textContent = files.files.length ? `${files.files.length} file(s), ${megabytes(size)}` : "";
  });
  form.addEventListener("submit", () => {
    form.setAttribute("aria-busy", "true");
    note.textContent = "Sending and checking; this page answers when the check is done.";
  });
  // A page that comes back from the browser's memory is no longer busy.
  addEventListener("pageshow", () => form.removeAttribute("aria-busy"));
}

function start() {
  document.querySelectorAll("[data-figure]").forEach((place) => nearby.observe(place));
  document.querySelectorAll("form[data-limit]:not([data-watched])").forEach(watchForm);
}

start();
// Going back, htmx puts a fresh copy of the page in place, which has no chart yet.
document.addEventListener("htmx:after:swap", start);
inDark.addEventListener("change", () => document.querySelectorAll(".js-plotly-plot").forEach(draw));
