// The picture of a panel: paints the newest frame, tells what is under the pointer, reports clicks, keys, room and theme.

const make = (tag, name, parent) => {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
};

const decode = (png) => createImageBitmap(new Blob([png], { type: "image/png" }));

// One pixel a cell, enlarged without smoothing.
function paintMap(context, { place, size: [width, height], rgba }) {
  const small = new OffscreenCanvas(width, height);
  const bytes = new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  small.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(bytes), width, height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, ...place);
}

// Signs of the sheet, each at its place: three numbers for a sign, four for its rectangle on the sheet.
function paintSigns(context, sheet, rects, signs) {
  for (let i = 0; i < signs.length; i += 3) {
    const [left, top, width, height] = rects.subarray(4 * signs[i], 4 * signs[i] + 4);
    context.drawImage(sheet, left, top, width, height, signs[i + 1], signs[i + 2], width, height);
  }
}

// Copied, because a buffer may begin at an odd place.
const shorts = (view) => new Int16Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

// Sliders of ipywidgets have no accessible name: give them their visible label.
// JupyterLab takes keys for itself (arrows go to another cell, d d deletes this one): leave them to what has the focus.
function nameControls(panel) {
  for (const row of panel.querySelectorAll(".attnlab-switches")) {
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", row.querySelector(".widget-label").textContent);
  }
  for (const focused of panel.querySelectorAll("select, button, summary, [type=checkbox], .noUi-handle, .widget-readout")) focused.dataset.lmSuppressShortcuts = "true";
  for (const control of panel.querySelectorAll(".widget-slider, .widget-hslider, .jupyter-widgets.widget-inline-hbox")) {
    const label = control.querySelector(".widget-label")?.textContent;
    const readout = control.querySelector(".widget-readout");
    const handle = control.querySelector(".noUi-handle");
    if (!label || !handle) continue;
    handle.setAttribute("aria-label", label);
    if (readout) {
      handle.setAttribute("aria-valuetext", readout.textContent);
      if (readout.isContentEditable || readout.getAttribute("contenteditable")) readout.setAttribute("role", "textbox");
      readout.setAttribute("aria-label", `${label}, type a value`);
    }
  }
}

// A number that is typed beside a slider moves it to the nearest place: Python finds it.
function takeNumbers(panel, model) {
  for (const slider of panel.querySelectorAll("[class*=attnlab-control-]")) {
    const readout = slider.querySelector(".widget-readout");
    if (!readout?.getAttribute("contenteditable") || readout.dataset.attnlab) continue;
    const name = [...slider.classList].find((each) => each.startsWith("attnlab-control-")).slice("attnlab-control-".length);
    readout.dataset.attnlab = name;
    let before = null, fresh = false;
    const all = () => getSelection().selectAllChildren(readout);
    const done = (typed) => {
      if (before === null) return;
      const text = readout.textContent;
      readout.textContent = before; // until the slider has moved
      if (typed && text.trim() !== before) model.send({ control: name, typed: text });
      before = null;
    };
    readout.addEventListener("focus", () => {
      before = readout.textContent;
      fresh = true;
      all();
    });
    readout.addEventListener("click", () => { // the first click chooses all, as Tab does; the next sets the cursor
      if (fresh) all();
      fresh = false;
    });
    readout.addEventListener("blur", () => done(true));
    readout.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") done(false);
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      readout.blur();
    });
  }
}

// Whether what stands behind an element is dark: true in any front end, whatever its themes are called.
function isDark(element) {
  for (let each = element; each; each = each.parentElement) {
    const [red, green, blue, alpha = 1] = getComputedStyle(each).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    if (alpha > 0.5) return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 110;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
}

function describe(hit, row, col, value) {
  const [down, across] = hit.axes;
  const from = `${down} ${hit.rows[row]}`.trim();
  const to = `${across} ${hit.cols[col]}`.trim();
  const colon = value.startsWith("\n") ? ":" : ": ";
  return `${hit.name ? hit.name + ": " : ""}${from}${to ? " → " + to : ""}${colon}${value}`;
}

function render({ model, el }) {
  const figure = make("figure", "attnlab-screen", el);
  const canvas = make("canvas", "attnlab-canvas", figure);
  const tip = make("div", "attnlab-tip", figure);
  const error = make("pre", "attnlab-error", figure);
  const printed = make("pre", "attnlab-printed", figure);
  const words = make("figcaption", "attnlab-words", figure);
  const caption = make("div", "attnlab-caption", words);
  const details = make("details", "attnlab-details", words);
  make("summary", "", details).textContent = "Details";
  const account = make("div", "attnlab-account", details);
  const save = make("button", "attnlab-save", words);
  canvas.setAttribute("role", "img");
  error.setAttribute("role", "alert");
  printed.setAttribute("role", "status");
  caption.setAttribute("aria-live", "polite");
  save.type = "button";
  save.textContent = "Save picture";
  tip.hidden = true;

  let painted = 0, shown = null, pointer = null, timer = null;
  let asked = model.get("frame").pointer ?? null, waiting = null, saving = "", touched = false;
  let cell = { at: "", text: "" }; // the one whose text the kernel was asked for
  const kept = { background: { id: 0 }, sheet: { id: 0 } }; // what was decoded, by its id

  const decoded = (what, { id, png }) => {
    if (kept[what].id !== id) kept[what] = { id, bitmap: decode(png) };
    return kept[what].bitmap;
  };

  async function paint() {
    const frame = model.get("frame"), background = model.get("background"), sheet = model.get("sheet");
    if (!frame.number || frame.background !== background.id || frame.sheet !== (sheet.id ?? 0)) return;
    const signs = frame.sheet && decoded("sheet", sheet);
    const [base, overlay, letters] = await Promise.all([decoded("background", background), decode(frame.overlay), signs]);
    if (frame.number <= painted) return; // a newer frame was quicker
    painted = frame.number;
    shown = frame;
    const [width, height] = frame.pixels;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.style.width = `${frame.size[0]}px`;
    const context = canvas.getContext("2d");
    context.drawImage(base, 0, 0);
    for (const map of frame.maps) paintMap(context, map);
    context.drawImage(overlay, ...frame.place);
    if (letters) paintSigns(context, letters, shorts(sheet.rects), shorts(frame.signs));
    canvas.tabIndex = frame.hits.some((hit) => hit.select) ? 0 : -1;
    nameCanvas();
    if (caption.textContent !== frame.caption) caption.textContent = frame.caption;
    caption.style.minHeight = `${caption.offsetHeight}px`; // once two lines, it stays so: what is below stands still
    if (account.textContent !== frame.account) account.textContent = frame.account;
    figure.dataset.sequence = frame.number;
    showTip();
    if (frame.moved) tick();
  }

  // ---------------------------------------------------------------- pointer

  function find() {
    if (!shown || !pointer) return null;
    const box = canvas.getBoundingClientRect();
    const x = ((pointer.x - box.left) * shown.size[0]) / box.width / shown.scale;
    const y = ((pointer.y - box.top) * shown.size[1]) / box.height / shown.scale;
    for (const hit of shown.hits) {
      const [left, top, width, height] = hit.box;
      if (x < left - (hit.margin ?? 0) || x >= left + width || y < top || y >= top + height) continue;
      const row = Math.floor(((y - top) / height) * hit.rows.length);
      const col = Math.floor(((x - left) / width) * hit.cols.length);
      return { hit, row, col };
    }
    return null;
  }

  // What the pointer is on comes forward: the kernel paints it. One request at a time, and then the newest.
  function point(found) {
    const wanted = found?.hit.point ? [...found.hit.point, found.row] : null;
    if (waiting || String(wanted) === String(asked)) return;
    [asked, waiting] = [wanted, `${Math.random()}`];
    model.send({ point: wanted, id: waiting });
  }

  // Of a map with many cells the texts are not sent: the kernel is asked for the one under the pointer.
  function textOf({ hit, row, col }) {
    if (hit.values) return hit.values[row][col];
    const at = [shown.number, shown.hits.indexOf(hit), row, col];
    if (cell.at !== String(at)) {
      cell = { at: String(at), text: "" };
      model.send({ cell: at.slice(1), frame: shown.number, id: cell.at });
    }
    return cell.text;
  }

  function heard(message, buffers) {
    if (message.saved && message.saved === saving) savePicture(message.name, buffers[0]);
    else if (message.heard === waiting) {
      waiting = null;
      point(find());
    } else if (message.heard === cell.at) {
      cell.text = message.text;
      showTip();
    }
  }

  function showTip() {
    const found = find();
    point(found);
    tip.hidden = !found || found.col < 0;
    canvas.style.cursor = found?.hit.select ? "pointer" : "default";
    if (tip.hidden) return;
    tip.textContent = describe(found.hit, found.row, found.col, textOf(found));
    const box = figure.getBoundingClientRect();
    const x = pointer.x - box.left, y = pointer.y - box.top;
    tip.style.left = `${Math.max(0, Math.min(x + 14, box.width - tip.offsetWidth - 4))}px`;
    const [, top, , height] = found.hit.box; // lines that come forward must not be covered: the tip stands below
    const foot = ((top + height) * shown.scale * canvas.clientWidth) / shown.size[0] + 6;
    const beside = y > tip.offsetHeight + 16 ? y - tip.offsetHeight - 10 : y + 20;
    tip.style.top = `${found.hit.point ? foot : beside}px`;
  }

  const follow = (event) => {
    touched = event.pointerType === "touch";
    pointer = { x: event.clientX, y: event.clientY };
    showTip();
  };
  const leave = () => {
    if (!pointer) return;
    pointer = null;
    showTip();
  };
  // A tap tells of a cell until another tap; a finger that moves along tells of each.
  const elsewhere = (event) => touched && event.target !== canvas && leave();
  canvas.addEventListener("pointerdown", follow);
  canvas.addEventListener("pointermove", follow);
  canvas.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && leave());
  document.addEventListener("pointerdown", elsewhere);
  canvas.addEventListener("click", (event) => {
    pointer = { x: event.clientX, y: event.clientY };
    const found = find();
    if (found?.hit.select) model.send({ select: found.hit.select, row: found.row + (found.hit.first ?? 0) });
  });
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    const hit = shown?.hits.find((each) => each.select);
    if (!by || !hit) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would go to another cell
    model.send({ select: hit.select, by });
  });
  canvas.dataset.lmSuppressShortcuts = "true";
  save.addEventListener("click", () => {
    saving = `${Math.random()}`;
    model.send({ save: saving });
  });

  // Some front ends find a link only while it is in the page.
  function savePicture(name, png) {
    saving = "";
    const link = make("a", "", document.body);
    link.download = name;
    link.href = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // ---------------------------------------------------------------- the rest of the panel

  // While a step slider plays, the next step waits for this frame: frames never pile up.
  function tick() {
    clearTimeout(timer);
    const { control, at, wait } = model.get("clock");
    if (control) timer = setTimeout(() => model.send({ tick: control, from: at }), wait);
  }

  function nameCanvas() {
    const earlier = model.get("stale") ? "An earlier picture: " : "";
    canvas.setAttribute("aria-label", earlier + shown.caption + (canvas.tabIndex ? "" : " Arrow keys choose a row."));
  }

  function showWords() {
    for (const [element, name] of [[error, "error"], [printed, "printed"]]) {
      element.textContent = model.get(name);
      element.hidden = !element.textContent;
    }
    figure.classList.toggle("attnlab-stale", model.get("stale"));
    if (shown) nameCanvas();
  }

  function showScale() {
    const scale = model.get("scale");
    const style = document.documentElement.style;
    figure.style.fontSize = `${14 * scale}px`;
    caption.style.minHeight = "";
    reportSoon();
    for (const [name, size] of [["--jp-content-font-size1", 14], ["--jp-code-font-size", 13], ["--jp-widgets-font-size", 14]])
      if (scale !== 1 || style.getPropertyValue(name)) style.setProperty(name, `${Math.round(size * scale)}px`);
  }

  // ---------------------------------------------------------------- the page

  // The width and the height that the picture may have, so that controls, picture and two lines stand on one screen.
  function room() {
    const panel = el.closest(".attnlab-panel") ?? el;
    const pane = el.closest(".jp-WindowedPanel-outer, .jp-Notebook, #site");
    const high = pane ? pane.clientHeight : window.top === window ? window.innerHeight : 0;
    const above = figure.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    const words = 2 * 1.4 * parseFloat(getComputedStyle(figure).fontSize) + 3;
    return [Math.floor(panel.clientWidth), high && Math.max(1, Math.floor(high - above - words))];
  }

  let told = [0, 0]; // the room that this view has reported: two views of one panel do not argue
  const differ = (one, other) => one.some((each, i) => Math.abs(each - other[i]) > 1);

  function report() {
    if (!el.isConnected || !figure.offsetParent) return; // behind another tab: its room is not known
    const dark = isDark(el), now = room();
    (el.closest(".attnlab-panel") ?? figure).classList.toggle("attnlab-dark", dark);
    const news = {};
    if (model.get("ratio") !== devicePixelRatio) news.ratio = devicePixelRatio;
    if (model.get("dark") !== dark) news.dark = dark;
    if (differ(now, told) && differ(now, model.get("room"))) news.room = now;
    if (differ(now, told)) told = now;
    if (!Object.keys(news).length) return;
    model.set(news);
    model.save_changes();
  }

  let due = null;
  const reportSoon = () => {
    clearTimeout(due);
    due = setTimeout(report, 60);
  };
  let density = null;
  function watchDensity() {
    density?.removeEventListener("change", watchDensity);
    density = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    density.addEventListener("change", watchDensity);
    reportSoon();
  }
  const sizes = new ResizeObserver(reportSoon);
  const themes = new MutationObserver(() => {
    reportSoon();
    setTimeout(report, 500); // its colours may arrive later than its name
  });
  for (const root of [document.documentElement, document.body]) themes.observe(root, { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-name", "data-jp-theme-light", "theme", "data-vscode-theme-kind"] });

  const watched = { "change:frame": paint, "change:error": showWords, "change:stale": showWords, "change:printed": showWords, "change:clock": tick, "change:scale": showScale, "msg:custom": heard };
  for (const [event, action] of Object.entries(watched)) model.on(event, action);
  const careFor = (panel) => {
    nameControls(panel);
    takeNumbers(panel, model);
  };
  const naming = new MutationObserver(() => {
    const panel = el.closest(".attnlab-panel"); // none while its cell is moved, or its view is closed
    if (panel) careFor(panel);
  });
  const attached = setInterval(() => {
    if (!el.isConnected) return;
    clearInterval(attached);
    const panel = el.closest(".attnlab-panel"); // small multiples have none
    panel?.querySelector(".attnlab-actions")?.append(save);
    careFor(panel ?? el);
    const controls = panel?.querySelector(".attnlab-controls");
    if (controls) {
      naming.observe(controls, { childList: true, subtree: true, characterData: true });
      sizes.observe(controls);
    }
    const pane = el.closest(".jp-WindowedPanel-outer, .jp-Notebook, #site");
    for (const each of [panel ?? el, pane]) if (each) sizes.observe(each);
    addEventListener("resize", reportSoon);
    report();
  }, 20);
  showWords();
  showScale();
  watchDensity();
  paint();

  return () => {
    for (const [event, action] of Object.entries(watched)) model.off(event, action);
    if (asked) model.send({ point: null, id: "" });
    density?.removeEventListener("change", watchDensity);
    document.removeEventListener("pointerdown", elsewhere);
    removeEventListener("resize", reportSoon);
    for (const observer of [naming, sizes, themes]) observer.disconnect();
    clearTimeout(due);
    save.remove();
    clearInterval(attached);
    clearTimeout(timer);
  };
}

export default { render };
