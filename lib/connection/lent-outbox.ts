/**
 * Outboxes of servers are lent: a connection has one while frames wait in it.
 *
 * ```
 *   connection ── a frame ──► borrow ─► Outbox ─► flush ─► is it at rest? ─► give back
 * ```
 * A client keeps its own, which knows where its masking keys come from. So does whoever has a
 * sender, which writes to it later; and one whose transport holds what it is given stays where it
 * is, since it knows that it has to copy.
 */
import { hasFastPath, Spares } from '../base/index.ts';
import { Outbox } from './outbox.ts';

const IS_LENT = hasFastPath('lent-output');

/** As many as connections that write in one turn keep busy, with 0.1 KiB for each. */
const spares = new Spares(() => new Outbox(undefined), 1024);

/** Lends an outbox of a server. */
export function borrowOutbox(): Outbox {
  return spares.take();
}

/** Takes an outbox back. @returns false when that cannot be: its owner has to keep it. */
export function takeBackOutbox(outbox: Outbox): boolean {
  if (!IS_LENT || !outbox.isAtRest) return false;
  spares.keep(outbox);
  return true;
}
