/**
 * Peers that let frames pass which they must refuse, or refuse them in the wrong way
 * [RFC 6455 §5.2, §5.4, §5.5, §7.1.7].
 */
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';

class IgnoresRsv extends EchoPeer {
  override judgeRsv(): undefined {}
}

class LooksAtRsv1Only extends EchoPeer {
  override judgeRsv(header: Header): number | undefined {
    return super.judgeRsv({ ...header, rsv: header.rsv & 4 });
  }
}

class SkipsReservedOpcodes extends EchoPeer {
  override judgeOpcode(): undefined {}
  override judgeOrder(header: Header): number | undefined {
    const isReserved = super.judgeOpcode(header) !== undefined;
    return isReserved ? undefined : super.judgeOrder(header);
  }
}

class EchoesReservedOpcodes extends SkipsReservedOpcodes {
  override frameBegins(header: Header): void {
    super.frameBegins(header.opcode > 2 && header.opcode < 8 ? { ...header, opcode: 2 } : header);
  }
}

class PongsReservedControls extends SkipsReservedOpcodes {
  override controlArrives(opcode: number, payload: Buffer): void {
    super.controlArrives(opcode > 10 ? 9 : opcode, payload);
  }
}

class AllowsLongControls extends EchoPeer {
  override judgeLength(header: Header): number | undefined {
    return super.judgeLength(header.opcode >= 8 ? { ...header, opcode: 1 } : header);
  }
}

class AllowsFragmentedControls extends EchoPeer {
  override judgeOrder(header: Header): number | undefined {
    if (header.opcode >= 8) return undefined;
    // The rest of the control frame looks like a continuation of nothing.
    if (header.opcode === 0 && this.message === undefined) return undefined;
    return super.judgeOrder(header);
  }
}

class ContinuesNothing extends EchoPeer {
  override judgeOrder(header: Header): number | undefined {
    if (header.opcode === 0 && this.message === undefined) return undefined;
    return super.judgeOrder(header);
  }

  override frameBegins(header: Header): void {
    const isOrphan = header.opcode === 0 && this.message === undefined;
    super.frameBegins(isOrphan ? { ...header, opcode: 1 } : header);
  }
}

class DropsOrphans extends EchoPeer {
  override judgeOrder(header: Header): number | undefined {
    if (header.opcode === 0 && this.message === undefined) return undefined;
    return super.judgeOrder(header);
  }
}

class StartsOver extends EchoPeer {
  override judgeOrder(header: Header): number | undefined {
    if (header.opcode === 1 || header.opcode === 2) return undefined;
    return super.judgeOrder(header);
  }
}

class FragmentsAreMessages extends EchoPeer {
  override frameEnds(header: Header): void {
    const { message } = this;
    super.frameEnds({ ...header, fin: true });
    if (header.fin || message === undefined) return;
    // The next fragment is a message of its own.
    this.message = { ...message, parts: [], fragments: 0, octets: 0 };
    this.utf8.reset();
  }
}

class LosesTheSecondFragment extends EchoPeer {
  override pieceArrives(piece: Buffer): void {
    if (this.message?.fragments !== 2) super.pieceArrives(piece);
  }
}

class EmptyFragmentsHoldItUp extends EchoPeer {
  override frameEnds(header: Header): void {
    if (header.opcode !== 0 || header.length > 0) super.frameEnds(header);
  }
}

class LimitedTo20Fragments extends EchoPeer {
  override frameBegins(header: Header): void {
    super.frameBegins(header);
    if ((this.message?.fragments ?? 0) > 20) this.fail(1008);
  }
}

class FailsWith1000 extends EchoPeer {
  override fail(code: number): void {
    super.fail(code === 1002 ? 1000 : code);
  }
}

class FailsWith1011 extends EchoPeer {
  override fail(code: number): void {
    super.fail(code === 1002 ? 1011 : code);
  }
}

class FallsSilent extends EchoPeer {
  override fail(): void {
    this.state = 'done';
  }
}

class FailsLate extends EchoPeer {
  override fail(code: number): void {
    this.state = 'done';
    this.link.later(1500, () => {
      this.sendClose(code);
      if (this.role === 'server') this.link.end();
    });
  }
}

/** The peers of this file. */
export const BROKEN_RULES: readonly BrokenPeer[] = [
  broken('ignores-rsv', 'Never looks at the reserved bits.', IgnoresRsv, '3.1 3.2 3.3 3.4 3.5 3.6'),
  broken('rsv1-only', 'Looks at RSV1 and not at the others.', LooksAtRsv1Only, '3.1 3.2 3.3'),
  broken(
    'skips-reserved-opcodes',
    'Skips frames with opcodes that it does not know.',
    SkipsReservedOpcodes,
    '4.1.* 4.2.*',
  ),
  broken(
    'echoes-reserved-opcodes',
    'Echoes opcodes 3 to 7 as binary.',
    EchoesReservedOpcodes,
    '4.1.* 4.2.*',
  ),
  broken(
    'pongs-reserved-controls',
    'Answers opcodes 11 to 15 with pongs.',
    PongsReservedControls,
    '4.1.* 4.2.*',
  ),
  broken('long-controls', 'Allows control frames of any length.', AllowsLongControls, '2.5 7.3.6'),
  broken(
    'fragmented-controls',
    'Allows control frames in fragments.',
    AllowsFragmentedControls,
    '@1002 -2.5 -3.* -5.18 -4.1.* -4.2.*',
  ),
  broken(
    'continues-nothing',
    'Takes a continuation of nothing for a message.',
    ContinuesNothing,
    '5.9 5.10 5.11 5.17',
  ),
  broken(
    'drops-orphans',
    'Ignores a continuation of nothing.',
    DropsOrphans,
    '@1002 -2.5 -3.* -5.1 -5.2 -5.18 -4.1.* -4.2.*',
  ),
  broken('starts-over', 'Lets a message begin inside another one.', StartsOver, '5.18'),
  broken(
    'fragments-are-messages',
    'Echoes each fragment as a message.',
    FragmentsAreMessages,
    '5.3 5.4 5.5 5.6 5.7 5.8 5.15 5.18 5.19 5.20 6.1.2 6.1.3 6.2.2 6.2.3 6.2.4 6.4.1 6.4.2 ' +
      '7.1.5 10.1.1',
  ),
  broken(
    'loses-a-fragment',
    'Loses the second fragment of each message.',
    LosesTheSecondFragment,
    '5.3 5.4 5.5 5.6 5.7 5.8 5.15 5.19 5.20 6.1.3 6.2.2 6.2.3 6.2.4 6.4.1 10.1.1',
    { pale: '6.4.2' },
  ),
  broken(
    'empty-fragments',
    'Takes an empty continuation for nothing at all.',
    EmptyFragmentsHoldItUp,
    '6.1.2 6.1.3 6.2.3 6.2.4',
  ),
  broken('few-fragments', 'Allows 20 fragments a message.', LimitedTo20Fragments, '6.2.3 10.1.1'),
  broken(
    'fails-with-1000',
    'Fails a broken connection as if all were well.',
    FailsWith1000,
    '@1002 @code',
  ),
  broken(
    'fails-with-1011',
    'Calls an error of the other side its own.',
    FailsWith1011,
    '@1002 @code',
  ),
  broken(
    'falls-silent',
    'Stops reading after an error, and keeps the connection.',
    FallsSilent,
    '@1002 @1007 @code 7.5.1',
    { redAsClient: '@1002 @1007' },
  ),
  broken(
    'fails-late',
    'Needs one and a half seconds to fail a connection.',
    FailsLate,
    '@1002 @1007 @code 7.5.1 -6.4.*',
    { redAsClient: '@1002 @1007 -6.4.*', pale: '6.4.*' },
  ),
];
