/** A place where producers wait until output has drained. */

const YES = Promise.resolve(true);
const NO = Promise.resolve(false);

/** One promise for everybody who waits; none while nobody has to. */
export class DrainGate {
  #promise: Promise<boolean> | undefined;
  #resolve: ((isOpen: boolean) => void) | undefined;
  #isClosed = false;

  /** @returns true once there is room, at once if there is already; false when it is over. */
  wait(isCongested: boolean): Promise<boolean> {
    if (this.#isClosed) return NO;
    if (!isCongested) return YES;
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  /** There is room. */
  release(): void {
    this.#settle(true);
  }

  /** It is over: nothing can be written any more. */
  close(): void {
    this.#isClosed = true;
    this.#settle(false);
  }

  #settle(isOpen: boolean): void {
    const resolve = this.#resolve;
    this.#promise = undefined;
    this.#resolve = undefined;
    resolve?.(isOpen);
  }
}
