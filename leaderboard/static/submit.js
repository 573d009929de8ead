// The submit form with JavaScript: files, folders and zips dropped onto it, how much is sent, the report as it comes.
"use strict";

const SHOWN = 8;
const sized = (size) => (size < 2 ** 20 ? `${Math.ceil(size / 2 ** 10)} kB` : `${(size / 2 ** 20).toFixed(1)} MB`);

// A folder hands out its entries a hundred at a time, until it hands out none.
async function filesIn(entry, path = "") {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [{ file, path: path + file.name }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const entries = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!entries.length) return found;
    for (const one of entries) found.push(...await filesIn(one, `${path}${entry.name}/`));
  }
}

async function dropped(transfer) {
  // The entries must be taken before anything is waited for: after that the transfer is empty.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return Array.from(transfer.files, (file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map((entry) => filesIn(entry)))).flat();
}

function watchSubmit(form) {
  const find = (selector) => form.querySelector(selector);
  const inputs = Array.from(form.querySelectorAll("input[type=file]"));
  const zone = find("[data-drop]");
  const limit = Number(form.dataset.limit);
  let chosen = [];

  function say(text) {
    find("[data-files]").textContent = text;
  }

  function choose(files) {
    chosen = files;
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    const excess = size > limit;
    inputs[0].setCustomValidity(excess ? `These files have ${sized(size)}; the limit is ${sized(limit)}.` : "");
    if (excess) inputs[0].reportValidity();
    say(files.length ? `${files.length} file${files.length === 1 ? "" : "s"}, ${sized(size)}` : "");
    const list = find("[data-chosen]");
    list.replaceChildren(...files.slice(0, SHOWN).map(({ path }) => {
      const item = document.createElement("li");
      item.dir = "auto";
      item.textContent = path;
      return item;
    }));
    if (files.length > SHOWN) list.append(`and ${files.length - SHOWN} more`);
    list.hidden = !files.length;
  }

  inputs.forEach((input) => input.addEventListener("change", () => {
    inputs.filter((other) => other !== input).forEach((other) => { other.value = ""; });
    choose(Array.from(input.files, (file) => ({ file, path: file.webkitRelativePath || file.name })));
  }));

  ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  }));
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("over");
  });
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const files = await dropped(event.dataTransfer);
    inputs.forEach((input) => { input.value = ""; });
    choose(files);
  });

  function end() {
    form.removeAttribute("aria-busy");
    find("[data-sending]").hidden = true;
  }

  function refuse(text) {
    end();
    const notice = document.createElement("p");
    notice.id = "report";
    notice.className = "notice";
    notice.tabIndex = -1;
    notice.textContent = text;
    document.getElementById("check-place").replaceChildren(notice);
    notice.focus();
  }

  async function watch(address) {
    find("[data-sending]").hidden = true;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    // So small a delivery may be stored by now.
    const stored = answer.headers.get("HX-Redirect");
    if (stored) return location.assign(stored);
    if (!answer.ok) return refuse("The check cannot be found because this browser does not store cookies. Upload the files again.");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const place = page.getElementById("check-place");
    document.getElementById("check-place").replaceWith(place);
    htmx.process(place);
    document.getElementById("report").focus();
    history.replaceState(history.state, "", address);
    settled();
  }

  // A check that is over asks for no more; only then the form may be sent again.
  function settled() {
    if (!document.getElementById("check-place").hasAttribute("hx-get")) end();
  }

  document.addEventListener("htmx:after:swap", settled);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return;
    inputs[0].setCustomValidity(chosen.length || find("[name=hub_data]").value.trim() ? inputs[0].validationMessage : "Choose at least one file.");
    if (!inputs[0].reportValidity()) return;
    form.setAttribute("aria-busy", "true");
    const body = new FormData(form, event.submitter);
    body.delete("files");
    chosen.forEach(({ file, path }) => body.append("files", file, path));
    send(body);
  });

  function send(body) {
    const request = new XMLHttpRequest();
    const bar = find("[data-sending] progress");
    find("[data-sending]").hidden = false;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = total ? loaded / total : 0;
      find("[data-sent]").textContent = `${sized(loaded)} of ${sized(total)} sent`;
    });
    request.addEventListener("load", () => {
      if (request.status === 202) return watch(JSON.parse(request.responseText).address);
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      refuse(page.querySelector("main")?.innerText.trim() || request.responseText);
    });
    request.addEventListener("error", () => refuse("The connection failed before the upload finished. Please try again."));
    // Not form.action: its buttons have that name.
    request.open("POST", form.getAttribute("action"));
    request.setRequestHeader("Accept", "application/json");
    request.send(body);
  }

  // A page that comes back from the browser's memory is no longer busy.
  addEventListener("pageshow", end);
}

document.querySelectorAll("form[data-limit]").forEach(watchSubmit);
