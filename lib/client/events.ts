/**
 * The events of `WebSocket` and `EventSource` that Node 20 does not have, and what stands behind
 * `onmessage = …` [HTML §8.1.8.1].
 */
import type { NextAttempt, ReconnectCause } from './reconnect.ts';

/** A connection is over [HTML §9.3.7]. */
export class CloseEvent extends Event {
  /** Code of the peer's close frame; 1005 when it had none, 1006 when there was no such frame. */
  readonly code: number;
  /** Reason of the peer's close frame. */
  readonly reason: string;
  /** Whether close frames went both ways. */
  readonly wasClean: boolean;

  constructor(type: string, init: { code?: number; reason?: string; wasClean?: boolean } = {}) {
    super(type);
    this.code = init.code ?? 0;
    this.reason = init.reason ?? '';
    this.wasClean = init.wasClean ?? false;
  }
}

/** Something failed. Browsers do not say what; this one does. */
export class ErrorEvent extends Event {
  /** What went wrong. */
  readonly error: Error;
  /** Its message. */
  readonly message: string;

  constructor(type: string, error: Error) {
    super(type);
    this.error = error;
    this.message = error.message;
  }
}

/** A connection is lost, or an attempt has failed, and another attempt follows. */
export class ReconnectingEvent extends Event {
  /** 1 for the first attempt since a connection lasted. */
  readonly attempt: number;
  /** When it begins, in ms from now. */
  readonly delayMs: number;
  /** Why: what went wrong, and the peer's close code (1006 without). */
  readonly cause: ReconnectCause;

  constructor(type: string, { attempt, delayMs }: NextAttempt, cause: ReconnectCause) {
    super(type);
    this.attempt = attempt;
    this.delayMs = delayMs;
    this.cause = cause;
  }
}

/** A listener that is called, or whose `handleEvent` is. */
export type Listener<Received> =
  | ((event: Received) => void)
  | { handleEvent(event: Received): void };

type Handler = (this: EventTarget, event: never) => unknown;

/** The handlers that were set by attribute, one for each type of event. */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #handlers = new Map<string, Handler>();

  constructor(target: EventTarget) {
    this.#target = target;
  }

  /** What was set; null when there is nothing. */
  get(type: string): Handler | null {
    return this.#handlers.get(type) ?? null;
  }

  /**
   * Sets a handler; anything that is no function removes it. It keeps its place among the listeners
   * until it is removed.
   */
  set(type: string, handler: unknown): void {
    const isRemoval = typeof handler !== 'function';
    if (isRemoval) this.#handlers.delete(type);
    else this.#handlers.set(type, handler as Handler);
    if (isRemoval) this.#target.removeEventListener(type, this.#call);
    // Adding what is there already changes nothing, least of all its place.
    else this.#target.addEventListener(type, this.#call);
  }

  readonly #call = (event: Event): void => {
    this.#handlers.get(event.type)?.call(this.#target, event as never);
  };
}

/** Puts constants on a class and on its instances: seen, and never written. */
export function defineConstants(
  target: { readonly prototype: object },
  constants: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(constants)) {
    for (const place of [target, target.prototype]) {
      Object.defineProperty(place, name, { value, enumerable: true });
    }
  }
}

type ListenerOptions = Parameters<EventTarget['addEventListener']>[2];

/** An EventTarget that knows the types of its events; `Other` is that of all further ones. */
export interface TypedTarget<Events, Other extends Event> extends EventTarget {
  addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<Events[Type]> | null,
    options?: ListenerOptions,
  ): void;
  addEventListener(type: string, listener: Listener<Other> | null, options?: ListenerOptions): void;
}

/** `EventTarget` itself, to be extended: types cost nothing at run time. */
export function typedTarget<Events, Other extends Event>(): new () => TypedTarget<Events, Other> {
  return EventTarget as never;
}

/**
 * Makes a class look as browsers make it from its interface: its members are enumerable, and it
 * has a name for `Object.prototype.toString` [HTML §9.3.1].
 */
export function defineInterface(target: { readonly prototype: object }, name: string): void {
  const { prototype } = target;
  for (const [member, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (member === 'constructor') continue;
    if (property.configurable) {
      Object.defineProperty(prototype, member, { ...property, enumerable: true });
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}
