/** The text of a field that mostly says what it said before, and is not made again then. */

/** Longer texts are made each time: comparing them costs as much. */
const MAX_COMPARED = 64;

/** Reads the values of one field. */
export class LatestText {
  /** The latest; empty before the first. */
  text = '';

  /** The text of `bytes[start … end)`, as UTF-8 is decoded [HTML §9.2.6]. */
  read(bytes: Buffer, start: number, end: number): string {
    if (!this.#isAgain(bytes, start, end)) this.text = bytes.toString('utf8', start, end);
    return this.text;
  }

  /** Whether the latest one stands there, in ASCII. */
  #isAgain(bytes: Buffer, start: number, end: number): boolean {
    const { text } = this;
    if (text.length !== end - start || text.length > MAX_COMPARED) return false;
    for (let index = 0; index < text.length; index += 1) {
      const octet = bytes[start + index]!;
      if (octet > 0x7f || octet !== text.charCodeAt(index)) return false;
    }
    return true;
  }
}
