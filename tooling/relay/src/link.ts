/**
 * `silent`: nothing arrives any more, and nobody is told, as when packets are dropped; connections stay,
 * dials hang. What was sent meanwhile comes once the link is mended, since TCP sends it again. `reset`:
 * connections are torn down, also those dialled anew.
 */
export type CutMode = 'silent' | 'reset'

/** One direction between two nodes, named by the addresses that they listen on. */
export class Link {
  /** Undefined while bytes pass. */
  cut: CutMode | undefined
  /** How long bytes are under way, in milliseconds. */
  delayMs = 0

  get isOpen(): boolean {
    return this.cut === undefined
  }
}
