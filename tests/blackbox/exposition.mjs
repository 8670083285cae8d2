// A strict reader of Prometheus' text format, version 0.0.4: what it lets pass is well-formed, and named as the conventions want.

import assert from "node:assert/strict";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/;
const SUFFIXES = ["_bucket", "_sum", "_count"];

function readLabels(text, line) {
  const labels = {};
  while (text) {
    const match = LABEL.exec(text);
    assert.ok(match, `labels of: ${line}`);
    assert.ok(!(match[1] in labels), `a label twice: ${line}`);
    labels[match[1]] = match[2];
    text = text.slice(match[0].length);
    assert.ok(match[3] === "" || text, `a comma at the end: ${line}`);
  }
  return labels;
}

function readNumber(text, line) {
  const special = { "+Inf": Infinity, "-Inf": -Infinity, NaN: NaN };
  if (text in special) return special[text];
  assert.match(text, /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/, line);
  return Number(text);
}

function familyOf(name, families) {
  if (families.has(name) && families.get(name).type !== "histogram") return families.get(name);
  for (const suffix of SUFFIXES) {
    const family = name.endsWith(suffix) && families.get(name.slice(0, -suffix.length));
    if (family && family.type === "histogram") return family;
  }
  return null;
}

/** The series' identity: its name and labels. */
export const key = (name, labels = {}) =>
  name + JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

function checkHistogram(family) {
  const series = new Map();
  for (const { name, labels, value } of family.samples) {
    const { le, ...rest } = labels;
    const id = key("", rest);
    if (!series.has(id)) series.set(id, { buckets: [] });
    const one = series.get(id);
    if (name.endsWith("_bucket")) one.buckets.push([readNumber(le, name), value]);
    else one[name.endsWith("_sum") ? "sum" : "count"] = value;
  }
  for (const [id, { buckets, sum, count }] of series) {
    const what = `${family.name}${id}`;
    assert.ok(buckets.length > 1 && sum !== undefined && count !== undefined, `${what} is complete`);
    for (let i = 1; i < buckets.length; i++) {
      assert.ok(buckets[i][0] > buckets[i - 1][0], `${what}: bounds ascend`);
      assert.ok(buckets[i][1] >= buckets[i - 1][1], `${what}: buckets are cumulative`);
    }
    assert.equal(buckets.at(-1)[0], Infinity, `${what}: the last bucket holds all`);
    assert.equal(buckets.at(-1)[1], count, `${what}: and as many as are counted`);
    assert.ok(sum >= 0, what);
  }
}

function checkNames(family) {
  const { name, type } = family;
  assert.match(name, NAME);
  assert.doesNotMatch(name, /_(ms|millis|milliseconds|us|ns|kb|mb|percent|minutes|hours)(_|$)/, `${name}: base units`);
  assert.equal(name.endsWith("_total"), type === "counter", `${name}: counters, and nothing else, end in _total`);
  assert.doesNotMatch(name, /_(bucket|sum|count)$/, name);
  assert.match(name, /^(auralis|process)_/);
}

/** Reads a page, or fails. Returns { families: Map of name -> { name, type, help, samples }, get(name, labels) }. */
export function readPage(text) {
  const families = new Map();
  const seen = new Set();
  let current = null;
  assert.ok(text.endsWith("\n"), "the last line ends");
  for (const line of text.split("\n").slice(0, -1)) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (help) {
      assert.ok(!families.has(help[1]), `a family twice: ${line}`);
      current = { name: help[1], help: help[2], samples: [] };
      families.set(help[1], current);
    } else if (type) {
      assert.ok(current && current.name === type[1] && !current.type && !current.samples.length, `TYPE after HELP: ${line}`);
      current.type = type[2];
    } else {
      const match = SAMPLE.exec(line);
      assert.ok(match, `no sample: ${line}`);
      const sample = { name: match[1], labels: readLabels(match[3] ?? "", line), value: readNumber(match[4], line) };
      assert.equal(familyOf(sample.name, families), current, `within its family: ${line}`);
      const id = key(sample.name, sample.labels);
      assert.ok(!seen.has(id), `a series twice: ${line}`);
      seen.add(id);
      current.samples.push(sample);
    }
  }
  const all = new Map();
  for (const family of families.values()) {
    assert.ok(family.type, `${family.name} has a type`);
    checkNames(family);
    if (family.type === "histogram") checkHistogram(family);
    for (const sample of family.samples) {
      if (family.type !== "gauge" && !sample.name.endsWith("_sum")) assert.ok(Number.isInteger(sample.value) || family.name.includes("seconds"), `${sample.name} counts`);
      all.set(key(sample.name, sample.labels), sample.value);
    }
  }
  return { families, all, get: (name, labels) => all.get(key(name, labels)) };
}

/** Counters and histograms never go down from one page to the next. */
export function assertMonotonic(before, after) {
  for (const family of before.families.values()) {
    if (family.type === "gauge") continue;
    for (const { name, labels, value } of family.samples) {
      const now = after.get(name, labels);
      assert.ok(now >= value, `${key(name, labels)} went from ${value} to ${now}`);
    }
  }
}
