// Events are told apart by their names alone, which say all that the checkers want to know of them.

/** Who wrote an event, and for which command. */
export interface EventName {
  /** Of the command. */
  readonly uid: string
  /** Which one of its batch, from 0. */
  readonly part: number
  readonly of: number
  readonly epoch: number
  readonly writer: string
}

/** An event as the journal gives it. */
export interface Written {
  readonly name: string
  readonly epoch: number
  /** The rest of it is as it was written. */
  readonly isWhole: boolean
}

/** As in `c12 1/3 @7 b-w2e7`. */
export function nameOf({ uid, part, of, epoch, writer }: EventName): string {
  return `${uid} ${part}/${of} @${epoch} ${writer}`
}

/** Undefined for what nobody here has written. */
export function parseName(name: string): EventName | undefined {
  const found = /^(\S+) (\d+)\/(\d+) @(\d+) (\S+)$/.exec(name)
  if (found === null) return undefined
  const [, uid = '', part, of, epoch, writer = ''] = found
  return { uid, part: Number(part), of: Number(of), epoch: Number(epoch), writer }
}
