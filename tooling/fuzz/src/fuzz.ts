import { seededRandom } from '@casty/clock'
import type { FuzzedDecoder } from './decoder.ts'
import { wrongWith } from './inspect.ts'
import { mutate, pick } from './mutate.ts'

/** Bytes that a decoder does not bear. */
export interface Finding {
  readonly decoder: string
  readonly hex: string
  readonly what: string
}

export interface FuzzReport {
  readonly decoder: string
  readonly seed: number
  /** Damaged ones: what was found before comes on top. */
  readonly inputs: number
  /** Of which something was made, and that were refused. */
  readonly read: number
  readonly refused: number
  /** All of it, with making the inputs and looking at what came of them. */
  readonly processorMs: number
  /** What one input takes at most: the least of twenty times. */
  readonly slowestMs: number
  readonly slowestHex: string
  /** At most ten: then it stops. */
  readonly findings: readonly Finding[]
}

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** Inputs that were found before: they are tried first, and damaged as seeds are. */
  readonly corpus?: readonly Uint8Array[]
}

/** With so many a run ends. */
export const mostFindings = 10
/** So often the slowest input is tried at most. */
const mostTimes = 20

/** Tries what was found before, then `inputs` damaged ones. One seed is one run: what is slow is tried again. */
export function fuzz(decoder: FuzzedDecoder, options: FuzzOptions): FuzzReport {
  const { inputs, seed, corpus = [] } = options
  const random = seededRandom(seed)
  const beganAtMs = processorMs()
  const originals = [...decoder.seeds, ...corpus]
  const trial = new Trial(decoder)
  for (const bytes of originals) trial.run(bytes)
  trial.read = trial.refused = 0
  let done = 0
  for (; done < inputs && trial.findings.length < mostFindings; done++) {
    trial.run(mutate(pick(originals, random), pick(originals, random), random))
  }
  const { read, refused, slowestMs, findings } = trial
  const slowestHex = hexOf(trial.slowest)
  return {
    decoder: decoder.name,
    seed,
    inputs: done,
    read,
    refused,
    processorMs: processorMs() - beganAtMs,
    slowestMs,
    slowestHex,
    findings,
  }
}

class Trial {
  read = 0
  refused = 0
  slowestMs = 0
  slowest: Uint8Array = new Uint8Array(0)
  readonly findings: Finding[] = []
  readonly #decoder: FuzzedDecoder
  readonly #prototype = prototypeNames()

  constructor(decoder: FuzzedDecoder) {
    this.#decoder = decoder
  }

  run(bytes: Uint8Array): void {
    const beganAt = performance.now()
    const what = this.#wrong(bytes)
    if (performance.now() - beganAt > this.slowestMs) this.#time(bytes)
    if (what === undefined) return
    this.findings.push({ decoder: this.#decoder.name, hex: hexOf(bytes), what })
  }

  /** Machines pause: only what takes long each time does. */
  #time(bytes: Uint8Array): void {
    let leastMs = Infinity
    for (let times = 0; times < mostTimes && leastMs > this.slowestMs; times++) {
      const beganAt = performance.now()
      try {
        this.#decoder.decode(bytes.slice())
      } catch {
        // It was judged before.
      }
      leastMs = Math.min(leastMs, performance.now() - beganAt)
    }
    if (leastMs <= this.slowestMs) return
    this.slowestMs = leastMs
    this.slowest = bytes.slice()
  }

  #wrong(bytes: Uint8Array): string | undefined {
    const { refusals, most = usualMost } = this.#decoder
    // A copy, so that whoever writes where it only should read harms nobody else.
    const given = bytes.slice()
    let made: unknown
    try {
      made = this.#decoder.decode(given)
      this.read++
    } catch (error) {
      this.refused++
      return isRefusal(error, refusals) ? undefined : `it throws ${String(error).slice(0, 200)}`
    }
    if (!isSame(given, bytes)) return 'it changes the bytes'
    if (prototypeNames() !== this.#prototype) return 'it changes the prototype of all objects'
    return wrongWith(made, most(bytes.length))
  }
}

/** Of this thread: time that others have the processor does not count. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

function usualMost(byteLength: number): number {
  return 1_024 + 16 * byteLength
}

function isRefusal(error: unknown, refusals: readonly string[]): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : error.name
  return typeof code === 'string' && refusals.includes(code)
}

function prototypeNames(): string {
  return Reflect.ownKeys(Object.prototype).map(String).join()
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
