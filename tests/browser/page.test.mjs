// The page as people use it: controls, keyboard, phone, colours, names, what it says when things go wrong.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, openPage, pageState, playing, sleep, startProxy, startServer, stopServers, until } from "./support.mjs";

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), startServer()]);
});

after(async () => {
  await browser?.close();
  await stopServers();
});

const open = (options) => openPage(browser, server.url, { tap: false, ...options });
const text = (page, id) => page.textContent(`#${id}`);
const shows = (page, id, pattern) => until(`#${id} shows ${pattern}`, async () => pattern.test(await text(page, id)));
const holds = (page, id, value) => until(`#${id} holds ${value}`, async () => (await page.inputValue(`#${id}`)) === value);
const stopped = (page) => until("it has stopped", async () => (await pageState(page)) === "stopped");

async function pending(check) {
  return until("the server knows", async () => {
    const status = await server.status();
    return check({ ...status.current_piece, ...status.pending }) && status;
  });
}

test("controls reach the server while playing, and the page counts down to the change", async () => {
  const page = await open();
  await page.click("#play");
  await playing(page);
  await until("live", async () => (await text(page, "link")) === "Live");
  await page.selectOption("#tonic", "D");
  await page.selectOption("#mode", "dorian");
  await page.locator("#bpm").fill("84");
  await page.locator("#intensity").fill("0.8");
  await pending((now) => now.key === "D dorian" && now.bpm === 84 && now.intensity === 0.8);
  const countdown = async () => Number(/sounds in (\d+\.\d) s/.exec(await text(page, "next"))?.[1]);
  const first = await until("the countdown", countdown);
  await shows(page, "next", /D dorian, 84 BPM/);
  await until("it counts", async () => (await countdown()) < first - 0.5);
  await shows(page, "spoken", /D dorian, 84 BPM.* sounds in \d+ seconds/);
  await until("the slider marks what still sounds", () => page.locator('[data-control="bpm"][data-waiting]').count());
  await shows(page, "now", /A minor · 70 BPM/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("controls reach the server without playing, and cost no listener's place", async () => {
  const page = await open();
  await shows(page, "link", /^Ready$/);
  await page.locator("#complexity").fill("0.2");
  await page.locator("#brightness").fill("0.7");
  await pending((now) => now.melody_complexity === 0.2);
  const status = await until("live controls", async () => {
    const now = await server.status();
    return now.current_brightness === 0.7 && now;
  });
  assert.equal(status.active_clients, 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the piece's own controls are there, named as the piece names them", async () => {
  const page = await open();
  const { controls, current_piece: own } = await server.status();
  for (const name of Object.keys(own)) {
    const spec = controls.find((each) => each.name === name);
    await until(spec.label, () => page.getByLabel(spec.label, { exact: true }).isEnabled());
  }
  const name = Object.keys(own)[0];
  await page.locator(`#control-${name}`).fill(String(controls.find((each) => each.name === name).max));
  await pending((now) => now[name] === controls.find((each) => each.name === name).max);
  await page.context().close();
});

test("what somebody else sets is shown here", async () => {
  const page = await open();
  await page.click("#play");
  await playing(page);
  await server.control({ bpm: 66, key: "F# lydian" });
  await until("the sliders follow", async () => (await page.inputValue("#bpm")) === "66");
  await holds(page, "tonic", "F#");
  await holds(page, "mode", "lydian");
  await page.context().close();
});

test("a dragged slider sends few messages and the last value", async () => {
  const page = await open();
  await page.click("#play");
  await playing(page);
  await until("live", async () => (await text(page, "link")) === "Live");
  await page.evaluate(() => {
    const send = Worker.prototype.postMessage;
    window.sent = [];
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.type === "send") window.sent.push(message.message);
      return send.call(this, message, ...rest);
    };
  });
  const box = await page.locator("#intensity").boundingBox();
  await page.mouse.move(box.x + 20, box.y + box.height / 2);
  await page.mouse.down();
  const began = performance.now();
  for (let i = 1; i <= 40; i++) {
    await page.mouse.move(box.x + 20 + 5 * i, box.y + box.height / 2);
    await sleep(20);
  }
  await page.mouse.up();
  const took = performance.now() - began;
  const value = Number(await page.inputValue("#intensity"));
  await pending((now) => now.intensity === value);
  const sent = await page.evaluate(() => window.sent);
  assert.ok(sent.length >= 3 && sent.length <= took / 125 + 2, `${sent.length} messages in ${Math.round(took)} ms`);
  for (const message of sent) assert.deepEqual(Object.keys(message).sort(), ["intensity", "type"]);
  await page.context().close();
});

test("everything works from the keyboard", async () => {
  const page = await open();
  await page.keyboard.press("Space");
  await playing(page);
  await page.keyboard.press("Space");
  await stopped(page);
  const reached = [];
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const style = (pseudo) => getComputedStyle(element, pseudo).outlineStyle;
      const visible = element.type === "range" || style() !== "none";
      return { id: element.id, visible: visible && element.matches(":focus-visible") };
    });
    if (focus.id === "") break;
    assert.ok(focus.visible, `focus can be seen on ${focus.id}`);
    reached.push(focus.id);
  }
  for (const id of ["play", "volume", "tonic", "mode", "bpm", "intensity", "complexity", "brightness", "level"]) {
    assert.ok(reached.includes(id), `${id} is reached by Tab`);
  }
  await page.focus("#bpm");
  const before = Number(await page.inputValue("#bpm"));
  await page.keyboard.press("ArrowRight");
  await pending((now) => now.bpm === before + 1);
  await page.keyboard.press("Space");
  assert.equal(await pageState(page), "stopped", "Space in a control belongs to the control");
  await page.focus("#play");
  await page.keyboard.press("Enter");
  await playing(page);
  await page.context().close();
});

test("volume acts here only and is remembered", async () => {
  const page = await open();
  await page.locator("#volume").fill("0.3");
  await page.reload();
  await holds(page, "volume", "0.3");
  await shows(page, "volume-value", /^30%$/);
  await page.context().close();
});

for (const [width, height] of [[320, 568], [360, 740], [768, 1024], [1440, 900]]) {
  test(`at ${width} x ${height} nothing scrolls sideways, targets are 44 px, nothing jumps`, async () => {
    const page = await open({ viewport: { width, height } });
    await page.click("#play");
    await playing(page);
    await server.control({ bpm: 60 + (width % 50) });
    await holds(page, "bpm", String(60 + (width % 50)));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scroll");
    const small = await page.$$eval("button, input, select", (all) =>
      all
        .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44)
        .map((each) => each.id),
    );
    assert.deepEqual(small, []);
    const fold = await page.locator("#play").boundingBox();
    assert.ok(fold.y + fold.height < height, "Play is seen without scrolling");
    assert.ok((await page.evaluate(() => window.shift)) < 0.02, "no layout shift");
    await page.context().close();
  });
}

test("every control has a role and a name for those who listen to the page", async () => {
  const page = await open();
  const cdp = await page.context().newCDPSession(page);
  const { nodes } = await cdp.send("Accessibility.getFullAXTree");
  const roles = new Set(["button", "slider", "combobox", "MenuListPopup"]);
  const named = nodes.filter((node) => !node.ignored && roles.has(node.role?.value));
  const names = named.filter((node) => node.role.value !== "MenuListPopup").map((node) => node.name?.value);
  assert.ok(names.length >= 9, `${names.length} controls`);
  assert.ok(names.every(Boolean), `names: ${names.join(", ")}`);
  assert.equal(new Set(names).size, names.length, "each name once");
  assert.ok(nodes.some((node) => node.role?.value === "main"));
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await page.context().close();
});

/** Lowest contrast of each text with what is really behind it, from a picture of the page without its text. */
async function contrasts(page) {
  await page.addStyleTag({ content: "html { scrollbar-width: none }" }); // a picture of the whole page has no scroll bar
  const texts = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const range = document.createRange();
      range.selectNodeContents(node);
      const { x, y, width, height } = range.getBoundingClientRect();
      const unseen = width < 2 || height < 2 || element.closest(".unseen, template, select, noscript");
      const colour = getComputedStyle(element).color;
      if (!unseen && node.textContent.trim()) found.push({ text: node.textContent, colour, x, y, width, height });
    }
    return found;
  });
  await page.addStyleTag({ content: "* { color: transparent !important; transition: none !important }" });
  const picture = (await page.screenshot({ fullPage: true })).toString("base64");
  return page.evaluate(
    async ([texts, picture]) => {
      const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(image.width, image.height);
      const paint = canvas.getContext("2d");
      paint.drawImage(image, 0, 0);
      const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      const luminance = (r, g, b) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
      return texts.map(({ text, colour, x, y, width, height }) => {
        const front = luminance(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));
        const { data } = paint.getImageData(x, y + scrollY, Math.ceil(width), Math.ceil(height));
        let lowest = Infinity;
        for (let i = 0; i < data.length; i += 4) {
          const back = luminance(data[i], data[i + 1], data[i + 2]);
          lowest = Math.min(lowest, (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05));
        }
        return { text: text.trim(), contrast: lowest };
      });
    },
    [texts, picture],
  );
}

/** Lowest contrast of each field's edge with what lies inside it. */
async function edges(page) {
  const fields = await page.$$eval("select, input:not([type=range])", (all) =>
    all.filter((each) => each.checkVisibility()).map((each) => {
      const { x, y, width, height } = each.getBoundingClientRect();
      return { id: each.id, colour: getComputedStyle(each).borderTopColor, x, y, width, height };
    }));
  const picture = (await page.screenshot({ fullPage: true })).toString("base64");
  return page.evaluate(
    async ([fields, picture]) => {
      const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const paint = new OffscreenCanvas(image.width, image.height).getContext("2d");
      paint.drawImage(image, 0, 0);
      const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
      return fields.map(({ id, colour, x, y, height }) => {
        const [r, g, b, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
        const inside = paint.getImageData(x + 5, y + scrollY + height / 2, 1, 1).data;
        const edge = [r, g, b].map((c, i) => alpha * c + (1 - alpha) * inside[i]);
        const [low, high] = [luminance(edge), luminance(inside)].sort((one, other) => one - other);
        return { id, contrast: (high + 0.05) / (low + 0.05) };
      });
    },
    [fields, picture],
  );
}

for (const colorScheme of ["light", "dark"]) {
  test(`the edges of fields can be seen on the ${colorScheme} page: contrast 3 at least`, async () => {
    const page = await open({ colorScheme, bypassCSP: true });
    const all = await edges(page);
    assert.ok(all.length >= 3);
    assert.deepEqual(all.filter(({ contrast }) => contrast < 3), []);
    await page.context().close();
  });

  test(`text can be read on the ${colorScheme} page, also over the moving light: contrast 4.5 at least`, async (t) => {
    const page = await open({ colorScheme, bypassCSP: true });
    await page.click("#play");
    await playing(page);
    await server.control({ bpm: colorScheme === "light" ? 91 : 92 });
    await until("a pending change", async () => /sounds in/.test(await text(page, "next")));
    const all = await contrasts(page);
    assert.ok(all.length > 20);
    t.diagnostic(`lowest ${Math.min(...all.map(({ contrast }) => contrast)).toFixed(2)} of ${all.length} texts`);
    const weak = all.filter(({ contrast }) => contrast < 4.5);
    assert.deepEqual(weak, []);
    await page.context().close();
  });
}

test("where less motion is wanted the light stands still", async () => {
  const page = await open({ reducedMotion: "reduce" });
  const picture = () => page.evaluate(() => document.querySelector("#aurora").toDataURL());
  await page.click("#play");
  await playing(page);
  const first = await picture();
  await sleep(600);
  assert.equal(await picture(), first);
  await page.context().close();
});

test("where the system chooses the colours a slider still shows its rail and how far it is turned", async () => {
  const page = await open({ forcedColors: "active" });
  const { x, y, width, height } = await page.locator("#volume").boundingBox();
  const strip = { x: Math.round(x) + 12, y: Math.round(y + height / 2), width: Math.round(width) - 24, height: 1 };
  const picture = (await page.screenshot({ clip: strip })).toString("base64");
  const [first, last, beside] = await page.evaluate(async (text) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], { type: "image/png" }));
    const paint = new OffscreenCanvas(image.width, 1).getContext("2d");
    paint.drawImage(image, 0, 0);
    const colour = (at) => paint.getImageData(at, 0, 1, 1).data.slice(0, 3).join();
    return [colour(0), colour(image.width - 1), getComputedStyle(document.body.parentElement).backgroundColor.match(/\d+/g).slice(0, 3).join()];
  }, picture);
  assert.equal(new Set([first, last, beside]).size, 3, `${first}; ${last}; ${beside}`);
  await page.context().close();
});

test("a connection that breaks for a moment is told calmly: the words change once and back", async () => {
  const proxy = await startProxy(server.port);
  const page = await openPage(browser, proxy.url, { tap: false });
  await page.click("#play");
  await playing(page);
  await shows(page, "next", /(next|sounds) in/);
  await page.evaluate(() => {
    window.said = [];
    const note = () => said.push({ next: document.querySelector("#next").textContent, link: document.querySelector("#link").textContent });
    note();
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const before = proxy.connections();
  proxy.cut(2200);
  await shows(page, "next", /^(Connecting again|Connection lost)/);
  await shows(page, "link", /^Live$/);
  await shows(page, "next", /(next|sounds) in/);
  const mended = proxy.connections() - before;
  const said = await page.evaluate(() => window.said);
  const turns = said.map(({ next }) => /^Conn/.test(next)).filter((cut, i, all) => i > 0 && cut !== all[i - 1]);
  assert.ok(turns.length >= 2 && turns.length <= 2 * mended, said.map(({ next }) => next).join(" | "));
  assert.deepEqual(said.filter(({ link }) => /again in 0 s/.test(link)), []);
  await page.context().close();
  await proxy.close();
});

test("a server that is gone: the page says so, offers no dead ends, and comes back", async () => {
  const own = await startServer();
  const page = await openPage(browser, own.url, { tap: false });
  await own.stop();
  await page.locator("#bpm").fill("99");
  await until("a message", async () => /cannot be reached/.test(await text(page, "toasts")));
  await until("the state", async () => (await text(page, "link")) === "Server not reachable");
  await page.click("#toasts button");
  await shows(page, "toasts", /^\s*$/);
  const again = await startServer({ port: own.port });
  await until("ready again", async () => (await text(page, "link")) === "Ready");
  assert.equal(await page.inputValue("#bpm"), "70", "the page shows what the server plays");
  await page.context().close();
  await again.stop();
});
