/**
 * Teaches a stream that is no socket two manners of sockets, on which everything above relies.
 *
 * ```
 *   made with emitClose: false    destroyed ──► nothing           becomes ──► 'close'
 *   `_write` throws               ──► at whoever writes           becomes ──► 'error', then 'close'
 * ```
 * Who says nothing when it is closed would count as an open connection for ever. And what a stream
 * throws is nobody's business but its own: it may come out of a turn in which others have written
 * as well, or out of a callback of the stream itself, when Node writes what was waiting.
 *
 * Both are done to the methods that whoever implements a stream writes and nobody else calls
 * (`_write`, `_writev`, `_destroy`): it makes no difference who writes to it or destroys it.
 */
import type { Duplex } from 'node:stream';
import { asError } from '../base/index.ts';

type Done = (error?: Error | null) => void;

/** Changes a stream that was made elsewhere. Once for each. */
export function teachManners(stream: Duplex): void {
  catchWhatItThrows(stream);
  tellWhenClosed(stream);
}

function catchWhatItThrows(stream: Duplex): void {
  const { _write: write, _writev: writev } = stream;
  stream._write = function (chunk, encoding, done) {
    catching(done, () => write.call(this, chunk, encoding, done));
  };
  if (typeof writev !== 'function') return;
  stream._writev = function (chunks, done) {
    catching(done, () => writev.call(this, chunks, done));
  };
}

function catching(done: Done, write: () => void): void {
  try {
    write();
  } catch (error) {
    done(asError(error));
  }
}

function tellWhenClosed(stream: Duplex): void {
  const { _destroy: destroy } = stream;
  let hasTold = false;
  stream.once('close', () => {
    hasTold = true;
  });
  const tell = (): void => {
    if (!hasTold) stream.emit('close');
  };
  stream._destroy = function (error, done) {
    const destroyed: Done = (failure) => {
      done(failure);
      // Behind what the stream says by itself, if it does.
      process.nextTick(tell);
    };
    try {
      destroy.call(this, error, destroyed);
    } catch (thrown) {
      destroyed(asError(thrown));
    }
  };
}
