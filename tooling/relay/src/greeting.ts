// What a dialling process and the relay say to each other before the bytes of the channel: who dials
// whom, in one line, and one byte in answer. With that answer a dial through the relay comes out as it
// would without: it hangs where packets are dropped, and is refused where the process is gone.

/** The longest greeting, in bytes: two addresses. */
const maxGreetingBytes = 600

/** The relay's answers. */
export const connected: number = 'C'.charCodeAt(0)
export const refused: number = 'R'.charCodeAt(0)

export interface Greeting {
  /** Where the dialling node listens. */
  readonly from: string
  readonly to: string
}

export function encodeGreeting({ from, to }: Greeting): Uint8Array {
  return new TextEncoder().encode(`${from} ${to}\n`)
}

/** Undefined while the line is not complete. @throws Error where it is no greeting */
export function decodeGreeting(bytes: Uint8Array): Greeting | undefined {
  const line = /^(\S+) (\S+)\n$/.exec(new TextDecoder().decode(bytes))
  const [, from, to] = line ?? []
  if (from !== undefined && to !== undefined) return { from, to }
  if (bytes.includes(0x0a) || bytes.length > maxGreetingBytes)
    throw new Error('This is no greeting.')
  return undefined
}
