import { Relay } from 'casty-relay'

/** How the process of a node is started, and where it listens. */
export interface Place {
  readonly host: string
  /** What to put before the command of the process. */
  readonly command: readonly string[]
  /** Of a relay to dial through. */
  readonly relay: string | undefined
}

/** A network between node processes. Its links are named by the addresses that nodes listen on. */
export interface Network extends AsyncDisposable {
  /** Where the node of that number runs. */
  place(index: number): Place
  /** Nothing arrives any more, and nobody is told; both ways unless `oneWay`. */
  cut(from: string, to: string, options?: { readonly oneWay?: boolean }): void
  /** Takes every cut from all links. */
  heal(): void
}

/** All nodes on the loopback, with a relay between them. */
export async function relayNetwork(): Promise<Network> {
  const relay = await Relay.start()
  const place: Place = { host: '127.0.0.1', command: [], relay: String(relay.address) }
  return {
    place: () => place,
    cut: (from, to, options) => relay.cut(from, to, options),
    heal: () => relay.heal(),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}
