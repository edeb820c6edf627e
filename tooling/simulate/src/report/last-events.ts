// The last events of a host, for people: what happened stands in lines, writes are summed up between.
import type { NoteEvent, TraceEvent, WriteEvent } from '@casty/simulation'
import { bytes, seconds } from './words.ts'

const widest = 160

/** @param most - lines, counted from the end */
export function lastEvents(
  host: string,
  events: readonly TraceEvent[],
  most: number,
): readonly string[] {
  const lines: string[] = []
  let writes: WriteEvent[] = []
  const flush = (): void => {
    if (writes.length > 0) lines.push(line(writes[0]?.at ?? 0, host, 'writes', sum(host, writes)))
    writes = []
  }
  for (const event of events) {
    if (event.type === 'write') {
      writes.push(event)
    } else {
      flush()
      lines.push(noteLine(event))
    }
  }
  flush()
  return lines.slice(-most)
}

function noteLine({ at, host, kind, text }: NoteEvent): string {
  return line(at, host, kind, text)
}

function line(at: number, host: string, kind: string, text: string): string {
  const [first = '', ...more] = text.split('\n')
  const whole = `${seconds(at).padStart(9)}  ${host.padEnd(3)} ${kind.padEnd(9)} ${first}${more.length > 0 ? ' …' : ''}`
  return whole.length > widest ? `${whole.slice(0, widest - 1)}…` : whole
}

/** `until 12.345 s: sent 3 to b (1204 B), 1 to c (80 B); got 2 from b (96 B); lost 1 to c` */
function sum(host: string, writes: readonly WriteEvent[]): string {
  const until = writes.length > 1 ? [`until ${seconds(writes.at(-1)?.at ?? 0)}`] : []
  const groups = [
    group('sent', 'to', writes, ({ stage }) => stage === 'sent', host),
    group('got', 'from', writes, ({ stage }) => stage === 'arrived', host),
    group('lost', 'to', writes, ({ stage }) => stage === 'lost', host),
  ]
  return [...until, groups.filter((text) => text !== '').join('; ')].join(': ')
}

function group(
  verb: string,
  preposition: string,
  writes: readonly WriteEvent[],
  belongs: (write: WriteEvent) => boolean,
  host: string,
): string {
  const sums = new Map<string, { writes: number; bytes: number }>()
  for (const write of writes.filter(belongs)) {
    const peer = write.from === host ? write.to : write.from
    const { writes, bytes } = sums.get(peer) ?? { writes: 0, bytes: 0 }
    sums.set(peer, { writes: writes + 1, bytes: bytes + write.bytes.length })
  }
  const parts = [...sums]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([peer, sum]) => `${sum.writes} ${preposition} ${peer} (${bytes(sum.bytes)})`)
  return parts.length === 0 ? '' : `${verb} ${parts.join(', ')}`
}
