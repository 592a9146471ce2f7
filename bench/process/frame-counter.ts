/** Counts frames in a stream of bytes without keeping any: for answers of unknown length. */
export class FrameCounter {
  readonly #header = Buffer.alloc(10);
  #held = 0;
  #missing = 0;

  /** Takes the next bytes and returns how many frames they have completed. */
  push(bytes: Buffer): number {
    let frames = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.#missing > 0) {
        const step = Math.min(this.#missing, bytes.length - at);
        this.#missing -= step;
        at += step;
        if (this.#missing === 0) frames += 1;
      } else {
        this.#header[this.#held] = bytes[at]!;
        this.#held += 1;
        at += 1;
        if (this.#readLength() && this.#missing === 0) frames += 1;
      }
    }
    return frames;
  }

  /** Whether the bytes so far end with a frame. */
  get isBetween(): boolean {
    return this.#missing === 0 && this.#held === 0;
  }

  /** Whether the header of an unmasked frame is complete; then what is missing is its payload. */
  #readLength(): boolean {
    if (this.#held < 2) return false;
    const code = this.#header[1]!;
    if (this.#held < (code < 126 ? 2 : code === 126 ? 4 : 10)) return false;
    if (code < 126) this.#missing = code;
    else if (code === 126) this.#missing = this.#header.readUInt16BE(2);
    else this.#missing = Number(this.#header.readBigUInt64BE(2));
    this.#held = 0;
    return true;
  }
}
