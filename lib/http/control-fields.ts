/**
 * The fields that steer a connection: picked out of a section in one pass, so that nothing that
 * decides about framing is looked up twice and read differently.
 *
 * It knows six names and how a list is cut; what the values mean is decided elsewhere.
 */
import { trimOws } from '../base/index.ts';
import type { Fields } from './fields.ts';

/** The values of the steering fields, one for each line. Reused: valid until the next call. */
export class ControlFields {
  readonly host: string[] = [];
  readonly contentLengths: string[] = [];
  readonly transferEncodings: string[] = [];
  readonly connection: string[] = [];
  readonly upgrade: string[] = [];
  readonly expect: string[] = [];

  /** Forgets what was picked and picks from `fields`. O(lines). */
  pick(fields: Fields): void {
    this.clear();
    for (let index = 0; index < fields.length; index += 1) {
      const values = this.#listFor(fields.nameAt(index)!);
      if (values !== undefined) values.push(fields.valueAt(index)!);
    }
  }

  /** Lets go of the values. */
  clear(): void {
    this.host.length = 0;
    this.contentLengths.length = 0;
    this.transferEncodings.length = 0;
    this.connection.length = 0;
    this.upgrade.length = 0;
    this.expect.length = 0;
  }

  #listFor(name: string): string[] | undefined {
    // Length and first letter tell nearly all other names apart before a character is compared.
    switch (name.length) {
      case 4:
        return matches(name, 'host') ? this.host : undefined;
      case 6:
        return matches(name, 'expect') ? this.expect : undefined;
      case 7:
        return matches(name, 'upgrade') ? this.upgrade : undefined;
      case 10:
        return matches(name, 'connection') ? this.connection : undefined;
      case 14:
        return matches(name, 'content-length') ? this.contentLengths : undefined;
      case 17:
        return matches(name, 'transfer-encoding') ? this.transferEncodings : undefined;
      default:
        return undefined;
    }
  }
}

/**
 * Compares a token with a lower-case name of the same length that has letters and "-" only: among
 * token characters, setting bit 20 makes no other one of them equal to those.
 */
function matches(name: string, wanted: string): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if ((name.charCodeAt(index) | 0x20) !== wanted.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * Cuts list values at their commas [RFC 9110 §5.6.1]; empty elements are left out.
 *
 * @param values the values of all lines of one name. O(length).
 */
export function listElements(values: readonly string[]): string[] {
  const elements: string[] = [];
  for (const value of values) {
    if (!value.includes(',')) {
      if (value !== '') elements.push(value);
      continue;
    }
    for (const part of value.split(',')) {
      const element = trimOws(part);
      if (element !== '') elements.push(element);
    }
  }
  return elements;
}
