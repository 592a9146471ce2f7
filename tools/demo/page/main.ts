/** Starts the six sections of the page. */
import { startChat } from './chat.ts';
import { startEvents } from './events.ts';
import { startHijack } from './hijack.ts';
import { startPoll } from './poll.ts';
import { startProgress } from './progress.ts';
import { startWire } from './wire.ts';

startWire();
startChat();
startEvents();
startPoll();
startProgress();
startHijack();
