// What a page gains with JavaScript: charts, and its name in sight.
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

function start() {
  document.querySelectorAll("[data-figure]").forEach((place) => nearby.observe(place));
}

// Where a narrow window has no room for all pages' names, the present one's is brought into sight.
function showPresentPage() {
  const names = document.querySelector("header.site nav");
  const present = names.querySelector("[aria-current]");
  if (present) names.scrollLeft = present.offsetLeft - names.offsetLeft - (names.clientWidth - present.offsetWidth) / 2;
}

start();
showPresentPage();
// Going back, htmx puts a fresh copy of the page in place, which has no chart yet.
document.addEventListener("htmx:after:swap", start);
inDark.addEventListener("change", () => document.querySelectorAll(".js-plotly-plot").forEach(draw));
