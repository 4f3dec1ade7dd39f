// SPDX-License-Identifier: MIT
//
// weft.d.ts: the types of weft.js. The manual is docs/weft-js.md.

/** "epoch.offset" */
export type Position = string;
export type Transport = "websocket" | "sse" | "longpoll";
export type State = "connecting" | "live" | "waiting" | "refused" | "closed";

export interface Member {
  client: string;
  verified: boolean;
}

/** A request before it is made; what the hook changes of it counts. */
export interface WeftRequest {
  readonly transport: Transport | "post" | "head";
  url: URL;
  /** Not with a WebSocket, to which browsers add none. */
  headers: Record<string, string>;
  /** With a WebSocket only; the first one is weft.v1. */
  protocols: string[];
}

export interface ChannelOptions {
  /** Begin with so many of what is kept. */
  last?: number | "all";
  /** Begin behind this position. */
  since?: Position;
  /** Tell who is there. */
  presence?: boolean;
}

export interface WeftOptions extends ChannelOptions {
  /** Who one is, as one says. */
  client?: string;
  /** How many messages may wait to be published: 100. */
  outbox?: number;
  /** Those that may be tried: all. */
  transports?: Transport[];
  /** What allows one to be here: called before each request, and when that of a live connection is about to end. */
  token?: () => string | undefined | Promise<string | undefined>;
  /** Called before each request. */
  request?: (request: WeftRequest) => void | Promise<void>;
  /** Where there is none in the language, as in node before 22: that of the package ws. */
  WebSocket?: unknown;
}

export interface MessageEvent extends Event {
  readonly type: "message";
  readonly channel: string;
  readonly position: Position;
  /** Binary as bytes. */
  readonly data: string | Uint8Array;
  /** When it was published, in ms since 1970; undefined by Server-Sent Events. */
  readonly time?: number;
  readonly key?: string;
  /** So many before it were left out on purpose. */
  readonly skipped?: number;
}

export interface LossEvent extends Event {
  readonly type: "loss";
  readonly channel: string;
  /** null: nobody knows how many. */
  readonly lost: number | null;
  /** All up to here is accounted for. */
  readonly position: Position;
}

export interface StateEvent extends Event {
  readonly type: "state";
  readonly state: State;
  readonly transport?: Transport;
  /** "waiting": so many ms. */
  readonly wait?: number;
  readonly reason?: string;
  /** "refused": why. */
  readonly error?: WeftError;
}

/** members: all who are there; join and leave: what has changed; count alone: they are too many to be listed. */
export interface PresenceEvent extends Event {
  readonly type: "presence";
  readonly channel: string;
  readonly count: number;
  readonly members?: Member[];
  readonly join?: Member[];
  readonly leave?: Member[];
}

export interface ErrorEvent extends Event {
  readonly type: "error";
  readonly error: WeftError;
}

export interface WeftError extends Error {
  /** Of the server, as HTTP has them; or what weft.js says itself. */
  readonly code: number | "full" | "closed" | "unknown" | "behind";
  /** ms after which trying again may help. */
  readonly retry?: number;
}

export interface WeftEvents {
  message: MessageEvent;
  loss: LossEvent;
  state: StateEvent;
  presence: PresenceEvent;
  error: ErrorEvent;
}

export class Weft extends EventTarget implements AsyncIterable<MessageEvent | LossEvent> {
  static readonly Error: new (fields: { code: WeftError["code"]; message: string; retry?: number }) => WeftError;

  /** The path that the server is under, "/ws": its own /ws/weft.js says so by itself. URLs have it, names of channels not. */
  static base?: string;

  constructor(url: string | URL, options?: WeftOptions);

  readonly name: string;
  readonly state: State;
  readonly transport?: Transport;
  readonly position?: Position;
  readonly policy?: string;
  readonly maxMessage?: number;
  readonly buffered: number;

  onmessage?: (event: MessageEvent) => void;
  onloss?: (event: LossEvent) => void;
  onstate?: (event: StateEvent) => void;
  onpresence?: (event: PresenceEvent) => void;
  onerror?: (event: ErrorEvent) => void;

  channel(name: string, options?: ChannelOptions): Weft;
  publish(data: string | ArrayBuffer | ArrayBufferView, options?: { key?: string }): Promise<{ position: Position }>;
  retry(): void;
  close(): void;

  addEventListener<T extends keyof WeftEvents>(type: T, listener: (event: WeftEvents[T]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<T extends keyof WeftEvents>(type: T, listener: (event: WeftEvents[T]) => void, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
  [Symbol.asyncIterator](): AsyncGenerator<MessageEvent | LossEvent>;
}

type WeftClass = typeof Weft;

declare global {
  var Weft: WeftClass;
}
