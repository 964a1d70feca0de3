// Runs in the page before JupyterLab. Reads the number that a picture shows, and tells when it is shown.
// A target is { handle, picture, row }: the slider's handle, and what is shown; `row` is where the number stands
// in the picture ([left, right, height] in shares of it), or null when the number is the text.
(() => {
  let traffic = { bytes: 0, largest: 0 };
  let outcome = null;
  let rest = null;

  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => {
        const size = data.byteLength ?? data.length;
        traffic.bytes += size;
        traffic.largest = Math.max(traffic.largest, size);
      });
    }
  };

  const valueOf = (handle) => Math.round(Number(document.querySelector(handle).getAttribute("aria-valuenow")));

  const line = new OffscreenCanvas(12, 1).getContext("2d", { willReadFrequently: true });
  line.imageSmoothingEnabled = false;

  // The number that is shown; null: no picture; -1: a picture without a number.
  function shown({ picture, row }) {
    const element = document.querySelector(picture);
    if (!row) return element ? Number(element.textContent) : null;
    const width = element?.naturalWidth ?? element?.width, height = element?.naturalHeight ?? element?.height;
    if (!width || element.complete === false) return null;
    const [left, right, top] = row;
    line.clearRect(0, 0, 12, 1);
    line.drawImage(element, left * width, Math.round(top * height), (right - left) * width, 1, 0, 0, 12, 1);
    const pixels = line.getImageData(0, 0, 12, 1).data;
    const bits = Array.from({ length: 12 }, (_, i) => (pixels[4 * i + 1] > 25 ? 1 : 0));
    if (bits.some((bit, i) => bit === bits[(i + 6) % 12])) return -1;
    return bits.slice(0, 6).reduce((sum, bit, i) => sum + (bit << i), 0);
  }

  // One key press: from the key to the animation frame that shows the slider's new value.
  function arm(target, limit) {
    traffic = { bytes: 0, largest: 0 };
    const before = valueOf(target.handle);
    const follow = (resolve) => {
      const start = performance.now();
      let blank = 0, wrong = 0;
      const look = () => {
        const now = performance.now(), seen = shown(target), value = valueOf(target.handle);
        if (value !== before && seen === value) return resolve({ ms: now - start, blank, wrong });
        if (now - start > limit) return resolve({ ms: null, blank, wrong });
        blank += seen === null;
        wrong += seen !== null && seen !== before;
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    outcome = new Promise((resolve) => addEventListener("keydown", () => follow(resolve), { capture: true, once: true }));
  }

  // A drag: what the slider and the picture show, in the order of time, until `stop`.
  function watch(target) {
    traffic = { bytes: 0, largest: 0 };
    const log = [];
    const note = (what, value) => log.push([what, value, performance.now()]);
    note("slider", valueOf(target.handle));
    const slider = new MutationObserver(() => note("slider", valueOf(target.handle)));
    slider.observe(document.querySelector(target.handle), { attributeFilter: ["aria-valuenow"] });
    let last = shown(target), running = true;
    const look = () => {
      const seen = shown(target);
      if (seen !== last) note("shown", seen);
      last = seen;
      if (running) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    rest = () => {
      running = false;
      slider.disconnect();
      return log;
    };
  }

  window.probe = {
    arm,
    watch,
    outcome: () => outcome,
    stop: () => rest(),
    traffic: () => traffic,
    agrees: (target) => shown(target) === valueOf(target.handle),
  };
})();
