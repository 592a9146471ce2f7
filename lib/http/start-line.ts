/**
 * What the two kinds of start line have in common, for the scan of a head [RFC 9112 §2.1].
 */
import type { HttpLimits } from './http-limits.ts';

/** Scans a request line or a status line; it can stop before any octet, and keeps offsets only. */
export interface StartLine {
  /**
   * What makes an index of the bytes being scanned an offset from the first octet of the head. The
   * caller sets it for each piece; the line sets it when its first octet comes, behind empty lines.
   */
  shift: number;
  /** True once the line's LF has been read. */
  readonly isDone: boolean;
  /** True once an octet of the line, or of an unfinished empty line before it, has been read. */
  readonly isBegun: boolean;
  /** True once the first octet of the line itself has been read: from there on octets are kept. */
  readonly isKept: boolean;
  /** True when {@link check} has to see the text of the line before it goes on. */
  readonly wantsCheck: boolean;
  /**
   * True for a line that changes nothing about what the fields behind it mean: the next one of this
   * kind may stand in its place. Valid once the line is done.
   */
  readonly isPlain: boolean;
  /** Starts a new line. */
  begin(): void;
  /**
   * Reads on, up to the end of the line or of the bytes, or to where it wants a check.
   *
   * @returns the index behind the last octet read.
   * @throws ProtocolError for the first octet that breaks a rule or a limit.
   */
  scan(bytes: Buffer, position: number, end: number, limits: HttpLimits): number;
  /**
   * Checks what has to be seen as a whole.
   *
   * @param text the line so far, as latin1.
   * @throws ProtocolError when it breaks a rule.
   */
  check(text: string): void;
}
