/**
 * Peers that check text wrongly [RFC 6455 §8.1, RFC 3629 §3].
 */
import { isUtf8 } from 'node:buffer';
import { Utf8Validator } from 'barewire/base';
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';

class NeverChecks extends EchoPeer {
  override isTextSoFar(): boolean {
    return true;
  }
  override isTextComplete(): boolean {
    return true;
  }
}

class ChecksAtTheEnd extends EchoPeer {
  override isTextSoFar(): boolean {
    return true;
  }
  override isTextComplete(payload: Buffer): boolean {
    return isUtf8(payload);
  }
}

class ChecksAtFrameEnds extends ChecksAtTheEnd {
  override frameEnds(header: Header): void {
    const { message } = this;
    if (message !== undefined && !message.isBinary) {
      const utf8 = new Utf8Validator();
      if (utf8.push(Buffer.concat(message.parts)) !== -1) {
        this.fail(1007);
        return;
      }
    }
    super.frameEnds(header);
  }
}

class ChecksEachFragment extends EchoPeer {
  override frameEnds(header: Header): void {
    if (this.message?.isBinary === false && !this.utf8.isComplete) this.fail(1007);
    else super.frameEnds(header);
  }
}

class AllowsIncompleteEnds extends EchoPeer {
  override isTextComplete(): boolean {
    return true;
  }
}

/** A decoder that replaces what is wrong, and an echo of what it made of it. */
class Replaces extends NeverChecks {
  override echo(payload: Buffer, isBinary: boolean): void {
    super.echo(isBinary ? payload : Buffer.from(payload.toString('utf8')), isBinary);
  }
}

/** Accepts what a mend makes valid: the text is looked at after some sequences were replaced. */
abstract class Lenient extends ChecksAtTheEnd {
  abstract mend(hex: string): string;

  override isTextComplete(payload: Buffer): boolean {
    return super.isTextComplete(Buffer.from(this.mend(payload.toString('hex')), 'hex'));
  }
}

/** Replaces sequences that begin on an octet's border. */
const mendOctets = (hex: string, pattern: RegExp): string =>
  hex.replace(/../g, '$& ').replace(pattern, '2a ').replaceAll(' ', '');

class AllowsSurrogates extends Lenient {
  override mend(hex: string): string {
    return mendOctets(hex, /ed [ab]. [89ab]. /g);
  }
}

class AllowsPairs extends Lenient {
  override mend(hex: string): string {
    return mendOctets(hex, /ed a. [89ab]. ed b. [89ab]. /g);
  }
}

class AllowsOverlong extends Lenient {
  override mend(hex: string): string {
    return mendOctets(hex, /(?:c[01] [89ab]. |e0 [89]. [89ab]. |f0 8. (?:[89ab]. ){2})/g);
  }
}

class AllowsModifiedNul extends Lenient {
  override mend(hex: string): string {
    return mendOctets(hex, /c0 80 /g);
  }
}

class AllowsLongForms extends Lenient {
  override mend(hex: string): string {
    return mendOctets(hex, /(?:f[89ab] (?:[89ab]. ){4}|f[cd] (?:[89ab]. ){5})/g);
  }
}

class GoesBeyondUnicode extends Lenient {
  override mend(hex: string): string {
    return mendOctets(hex, /(?:f4 [9ab]. (?:[89ab]. ){2}|f[567] (?:[89ab]. ){3})/g);
  }
}

class RefusesNonCharacters extends EchoPeer {
  override isTextComplete(payload: Buffer): boolean {
    const isNone = [...payload.toString()].some((character) => {
      const code = character.codePointAt(0)!;
      return (code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
    });
    return super.isTextComplete(payload) && !isNone;
  }
}

class RefusesReplacementCharacters extends EchoPeer {
  override isTextComplete(payload: Buffer): boolean {
    return super.isTextComplete(payload) && !payload.toString().includes('\ufffd');
  }
}

class EndsAtNul extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    const end = isBinary ? -1 : payload.indexOf(0);
    super.echo(end === -1 ? payload : payload.subarray(0, end), isBinary);
  }
}

class ChecksBinaryToo extends EchoPeer {
  override messageArrives(payload: Buffer, isBinary: boolean): void {
    if (isBinary && !isUtf8(payload)) this.fail(1007);
    else super.messageArrives(payload, isBinary);
  }
}

class FailsTextWith1002 extends EchoPeer {
  override fail(code: number): void {
    super.fail(code === 1007 ? 1002 : code);
  }
}

class CountsCharacters extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    // As many octets as the text has characters.
    const length = isBinary ? payload.length : payload.toString().length;
    super.echo(payload.subarray(0, length), isBinary);
  }
}

/** The peers of this file. */
export const BROKEN_TEXTS: readonly BrokenPeer[] = [
  broken('no-utf8-check', 'Takes any octets for text.', NeverChecks, '@1007'),
  broken('late-utf8-check', 'Checks text when the message is complete.', ChecksAtTheEnd, '', {
    pale: '6.4.*',
  }),
  broken('utf8-check-a-frame', 'Checks text at the end of each frame.', ChecksAtFrameEnds, '', {
    pale: '6.4.3 6.4.4',
  }),
  broken(
    'fragments-are-texts',
    'Wants each fragment to be text by itself.',
    ChecksEachFragment,
    '6.2.3 6.2.4 6.4.2',
  ),
  broken(
    'incomplete-ends',
    'Lets text end inside a character.',
    AllowsIncompleteEnds,
    '6.6.1 6.6.3 6.6.4 6.6.6 6.6.8 6.6.10 6.14.6 6.14.7',
  ),
  broken('replaces', 'Replaces bad octets with U+FFFD and goes on.', Replaces, '@1007'),
  broken('allows-surrogates', 'Allows surrogates.', AllowsSurrogates, '6.3.* 6.20.* 6.21.*', {
    pale: '6.4.*',
  }),
  broken('cesu-8', 'Allows pairs of surrogates, as CESU-8 does.', AllowsPairs, '6.21.*', {
    pale: '6.4.*',
  }),
  broken(
    'allows-overlong',
    'Allows overlong forms.',
    AllowsOverlong,
    '6.17.1 6.17.2 6.17.3 6.18.1 6.18.2 6.18.3 6.19.1 6.19.2 6.19.3',
    { pale: '6.4.*' },
  ),
  broken('modified-utf8', 'Allows C0 80 for NUL.', AllowsModifiedNul, '6.19.1', { pale: '6.4.*' }),
  broken(
    'old-utf8',
    'Allows sequences of five and six octets.',
    AllowsLongForms,
    '6.8.* 6.10.2 6.10.3 6.17.4 6.17.5 6.18.4 6.18.5 6.19.4 6.19.5',
    { pale: '6.4.*' },
  ),
  broken(
    'beyond-unicode',
    'Allows code points above U+10FFFF.',
    GoesBeyondUnicode,
    '6.4.* 6.10.1 6.11.5',
  ),
  broken(
    'refuses-non-characters',
    'Refuses U+FFFE and its like.',
    RefusesNonCharacters,
    '6.9.3 6.9.4 6.11.4 6.22.* 6.23.6 6.23.7',
  ),
  broken('refuses-replacement', 'Refuses U+FFFD.', RefusesReplacementCharacters, '6.11.3 6.23.5'),
  broken('ends-at-nul', 'Ends text at NUL.', EndsAtNul, '6.7.1'),
  broken(
    'checks-binary',
    'Checks binary messages for UTF-8.',
    ChecksBinaryToo,
    '1.2.2 1.2.3 1.2.4 1.2.5 1.2.6 1.2.7 1.2.8',
  ),
  broken('text-1002', 'Closes with 1002 where 1007 is right.', FailsTextWith1002, '@1007'),
  broken(
    'counts-characters',
    'Echoes as many octets as there are characters.',
    CountsCharacters,
    '6.2.* 6.5.* 6.6.2 6.6.5 6.6.7 6.6.9 6.6.11 6.7.* 6.9.* 6.11.* 6.22.* 6.23.* -6.5.1 -6.7.1 ' +
      '-6.9.1 -6.11.5',
  ),
];
