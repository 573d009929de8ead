// Looks again where a submission stands: soon after a change, ever less often while nothing changes, never unseen.
"use strict";

const SOONEST = 2000;
const LATEST = 30000;
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
let wait = SOONEST;
let timer;

function look() {
  const live = document.querySelector("#live[data-poll]");
  if (live && !document.hidden) htmx.trigger(live, "look");
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
  wait = Math.min(LATEST, wait * 1.5);
}

// "in 5 minutes", "2 hours ago": what the server cannot say in an answer that stays good.
function tell() {
  for (const place of document.querySelectorAll("time[data-relative]")) {
    const seconds = (new Date(place.dateTime) - Date.now()) / 1000;
    const [unit, length] = STEPS.find(([, size]) => Math.abs(seconds) >= size) || STEPS.at(-1);
    place.nextElementSibling.textContent = ` (${relative.format(Math.round(seconds / length), unit)})`;
  }
}

// What a reader has opened stays open when the part around it is brought up to date.
htmx.config.morphIgnore.push("open");
document.addEventListener("htmx:after:swap", () => {
  wait = SOONEST;
  tell();
});
document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceElement.id === "live") plan();
});
document.addEventListener("visibilitychange", () => {
  wait = SOONEST;
  look();
});
setInterval(tell, 10000);
tell();
plan();
