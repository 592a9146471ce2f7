/** Listens to channels of `node:diagnostics_channel`, and sees whether anything is made for nobody. */
import { type Channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Test } from 'tap';

/** What a channel told: its last name, and the message. */
export type Told = readonly [name: string, message: Readonly<Record<string, unknown>>];

/** Writes down what the channels of a chapter tell, until the test ends. */
export function hearChannels(t: Test, chapter: string, names: readonly string[]): Told[] {
  const told: Told[] = [];
  for (const name of names) {
    const hear = (message: unknown): void => {
      told.push([name, message as Record<string, unknown>]);
    };
    subscribe(`barewire:${chapter}:${name}`, hear);
    t.teardown(() => unsubscribe(`barewire:${chapter}:${name}`, hear));
  }
  return told;
}

/** Notes each message that is made although nobody subscribes, until the test ends. */
export function watchIdleChannels(t: Test, channels: Readonly<Record<string, Channel>>): string[] {
  const published: string[] = [];
  for (const [name, channel] of Object.entries(channels)) {
    t.equal(channel.hasSubscribers, false, name);
    Object.defineProperty(channel, 'publish', {
      configurable: true,
      value: () => published.push(name),
    });
    t.teardown(() => Reflect.deleteProperty(channel, 'publish'));
  }
  return published;
}
