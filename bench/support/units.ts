/** Numbers as people read them. */

/** Writes nanoseconds in three digits with their unit. */
export function formatTime(nanoseconds: number): string {
  if (!Number.isFinite(nanoseconds)) return '–';
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(3)} µs`;
  return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
}

/** Three, and more where they would leave less than two digits. */
const decimalsOf = (ratio: number): number =>
  ratio > 0 ? Math.max(3, 1 - Math.floor(Math.log10(ratio))) : 3;

/** Writes a ratio. */
export const formatRatio = (ratio: number): string => ratio.toFixed(decimalsOf(ratio));

/** Writes quartiles of ratios to the same place as the median that they stand beside. */
export function formatQuartiles(ratio: {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}): string {
  const decimals = decimalsOf(ratio.median);
  return `(${ratio.low.toFixed(decimals)} – ${ratio.high.toFixed(decimals)})`;
}

/** Writes a length in bytes as people say it. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1_048_576 && bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  if (bytes >= 1_024 && bytes % 1_024 === 0) return `${bytes / 1_024} KiB`;
  return `${bytes} B`;
}

/** Writes a measured amount of memory. */
export function formatMemory(bytes: number): string {
  if (Math.abs(bytes) >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (Math.abs(bytes) >= 2 ** 10) return `${(bytes / 2 ** 10).toFixed(2)} KiB`;
  return `${bytes.toFixed(0)} B`;
}

/** In what a row is measured; less is better in all of them. */
export type Unit = 'ns' | 'B';

/** Writes a value of a row. */
export function formatValue(value: number, unit: Unit): string {
  return unit === 'ns' ? formatTime(value) : formatMemory(value);
}

/** Writes a part of a sample. Its name tells when it is something else than the row's unit. */
export function formatPart(name: string, value: number, unit: Unit): string {
  if (name.endsWith(' %')) return `${name.slice(0, -2)} ${value.toFixed(0)} %`;
  if (name.endsWith(', B')) return `${name.slice(0, -3)} ${value.toFixed(1)} B`;
  if (name.endsWith(' /s')) return `${name.slice(0, -3)} ${value.toFixed(0)} /s`;
  return `${name} ${formatValue(value, unit)}`;
}
