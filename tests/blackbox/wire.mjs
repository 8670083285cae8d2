// WebSocket and HTTP spoken by hand, so that tests can also speak them wrongly.

import { once } from "node:events";
import { connect } from "node:net";

import { freePort } from "../port.mjs";
import { serve, within } from "./support.mjs";

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** A client's frame. length: 7, 16 or 64, the form its length is written in; by default the shortest. */
export function frame(opcode, payload = "", { final = true, reserved = 0, masked = true, length } = {}) {
  const data = Buffer.from(payload);
  const form = length ?? (data.length < 126 ? 7 : data.length < 65536 ? 16 : 64);
  const head = Buffer.alloc(form === 7 ? 2 : form === 16 ? 4 : 10);
  head[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (form === 7 ? data.length : form === 16 ? 126 : 127);
  if (form === 16) head.writeUInt16BE(data.length, 2);
  if (form === 64) head.writeBigUInt64BE(BigInt(data.length), 2);
  if (!masked) return Buffer.concat([head, data]);
  const key = Buffer.from([0x5a, 0x01, 0xc3, 0x7e]);
  return Buffer.concat([head, key, data.map((byte, i) => byte ^ key[i & 3])]);
}

/** The payload of a close frame. */
export function closing(code, reason = "") {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}

/** A connection; more: options of net.connect, extra header lines. */
export class Wire {
  constructor(t, port, { localAddress, highWaterMark } = {}) {
    this.socket = connect({ port, host: "127.0.0.1", localAddress, highWaterMark });
    this.socket.setNoDelay(true);
    this.received = Buffer.alloc(0);
    this.frames = [];
    this.head = null; // of the answer to the upgrade
    this.ended = false;
    this.wake = [];
    this.connected = once(this.socket, "connect");
    this.connected.catch(() => {});
    this.socket.on("data", (data) => this.take(data));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.ended = true;
      this.tell();
    });
    t.after(() => this.socket.destroy());
  }

  tell() {
    this.wake.splice(0).forEach((wake) => wake());
  }

  take(data) {
    this.received = Buffer.concat([this.received, data]);
    if (this.upgrading && this.head === null) {
      const end = this.received.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.head = this.received.toString("latin1", 0, end);
        this.received = this.received.subarray(end + 4);
      }
    }
    while (this.head !== null && this.takeFrame());
    this.tell();
  }

  takeFrame() {
    const bytes = this.received;
    if (bytes.length < 2) return false;
    const short = bytes[1] & 127;
    const at = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < at) return false;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (bytes.length < at + length) return false;
    this.frames.push({ first: bytes[0], opcode: bytes[0] & 15, masked: bytes[1] > 127, data: Buffer.from(bytes.subarray(at, at + length)) });
    this.received = bytes.subarray(at + length);
    return true;
  }

  /** Until test() is true or the connection ends; whether it is. */
  async until(what, test, ms) {
    const wait = async () => {
      while (!test() && !this.ended) await new Promise((resolve) => this.wake.push(resolve));
      return test();
    };
    return within(what, wait(), ms);
  }

  send(...pieces) {
    for (const piece of pieces) this.socket.write(piece);
  }

  async upgrade({ query = "?format=opus", headers = "" } = {}) {
    await within("the connection", this.connected);
    this.upgrading = true;
    this.send(
      `GET /ws/stream${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`,
    );
    await this.until("the upgrade", () => this.head !== null);
    return this;
  }

  /** The next frame that passes the test, those before it dropped; null if the connection ends first. */
  async next(test, ms) {
    const found = await this.until(`a frame: ${test}`, () => this.frames.some(test), ms);
    if (!found) return null;
    return this.frames.splice(0, this.frames.findIndex(test) + 1).at(-1);
  }

  /** The next text message of a type. */
  async message(type) {
    const is = (f) => f.opcode === TEXT && JSON.parse(f.data).type === type;
    const found = await this.next(is);
    return found && JSON.parse(found.data);
  }

  /** How the session ended: its close code, "none" without a code, "hung up" without a close frame. */
  async end(ms) {
    const found = await this.next((f) => f.opcode === CLOSE, ms);
    if (!found) return "hung up";
    return found.data.length >= 2 ? found.data.readUInt16BE(0) : "none";
  }
}

export async function listen(t, server, options = {}) {
  const wire = await new Wire(t, server.port, options).upgrade(options);
  if (!/ 101 /.test(wire.head ?? "")) throw new Error(`no upgrade: ${wire.head}`);
  return wire;
}

/** What the metrics page counts: {"name{label=\"value\"}": number}. */
async function counts(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const found = text.matchAll(/^auralis_(\S+) (\S+)$/gm);
  return Object.fromEntries(Array.from(found, ([, name, value]) => [name, Number(value)]));
}

/** A running server whose metrics page can be read: server.counts(). */
export async function serveCounted(t, options = {}) {
  const port = await freePort();
  const server = await serve(t, { ...options, args: [...(options.args ?? []), "--metrics-port", String(port)] });
  return { ...server, counts: () => counts(port) };
}
