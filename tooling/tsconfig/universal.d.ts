// What every supported runtime (Node, browsers, workers) has and a pure package may use, beyond the
// language itself. Timers, sockets, `console` and `process` are left out on purpose: a package whose
// tsconfig names no `types` cannot reach them, it is handed a `Clock`, a `Transport` or a `Logger`.

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
  throwIfAborted(): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number }
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(input?: Uint8Array): string
}

declare function queueMicrotask(callback: () => void): void
