/** An instant, in seconds with tenths of milliseconds: `9.0315`. */
export function instantText(at: number): string {
  return (at / 1_000).toFixed(4)
}

/** A duration in the unit that reads best: `0.8 ms`, `72 ms`, `2.4 s`. */
export function durationText(ms: number): string {
  if (ms < 10) return `${trimmed(ms)} ms`
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${trimmed(ms / 1_000)} s`
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(1)))
}
