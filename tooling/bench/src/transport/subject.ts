/** One end of a connection under test, as the workloads see it: whoever is measured looks alike. */
export interface Link {
  /** Takes a frame in any case. False: wait for `drained` before the next. */
  send(bytes: Uint8Array, start: number, end: number): boolean
  /** Called when sending may go on. */
  drained: () => void
}

/** A frame's body, `bytes[start, end)`, valid during the call. */
export type OnFrame = (link: Link, bytes: Uint8Array, start: number, end: number) => void

/** A way to move frames between two processes. */
export interface Subject {
  /** @returns the port that was picked */
  readonly listen: (onFrame: OnFrame) => Promise<number>
  readonly connect: (port: number, onFrame: OnFrame) => Promise<Link>
}
