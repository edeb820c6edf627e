// When processes ran, and when they stood still.
import type { NoteEvent } from '../world/trace.ts'
import { isBirth, isNote } from './changes.ts'
import type { Window } from './diagram-options.ts'
import type { Moment } from './messages.ts'

export interface Life {
  readonly host: string
  /** `starts, life 2`. */
  readonly text: string
  readonly start: Moment
  /** Undefined while it runs. */
  end: (Moment & { readonly how: string; readonly text: string }) | undefined
  readonly standstills: Standstill[]
}

export interface Standstill {
  fromMs: number
  /** Undefined while it stands. */
  untilMs: number | undefined
  readonly text: string
}

const halts = /^(?:pause|stall|machine sleeps)\b.* for (\d+(?:\.\d+)?) ms/
/** Whether a fault makes a process stand still. */
export function isHalt(fault: string): boolean {
  return halts.test(fault)
}

const endings = /^(crashed|exited|failed): /

/** Every process of the hosts shown that started before the end of the window. */
export function livesIn({ trace, hosts, end }: Window): readonly Life[] {
  const lives: Life[] = []
  const running = new Map<string, Life>()
  for (const [index, event] of trace.slice(0, end).entries()) {
    if (event.type !== 'note' || !hosts.includes(event.host)) continue
    const { host, at, text } = event
    const life = running.get(host)
    if (isNote(event, 'fault')) halt(life, event)
    if (!isNote(event, 'process')) continue
    const ending = endings.exec(text)?.[1]
    if (isBirth(text)) {
      const born: Life = { host, text, start: { index, at }, end: undefined, standstills: [] }
      lives.push(born)
      running.set(host, born)
    } else if (ending !== undefined && life !== undefined) {
      goOn(life, at)
      life.end = { index, at, how: ending, text }
      running.delete(host)
    } else if (text.startsWith('goes on')) {
      goOn(life, at)
    }
  }
  return lives
}

function halt(life: Life | undefined, { at, text }: NoteEvent): void {
  if (life === undefined || !halts.test(text)) return
  // Halted twice, it goes on when both are over.
  if (life.standstills.some(({ untilMs }) => untilMs === undefined)) return
  life.standstills.push({ fromMs: at, untilMs: undefined, text })
}

function goOn(life: Life | undefined, at: number): void {
  const last = life?.standstills.find(({ untilMs }) => untilMs === undefined)
  if (last === undefined) return
  last.untilMs = at
  // A stall begins somewhat later than it was asked for, and lasts as long as was said.
  const forMs = Number(halts.exec(last.text)?.[1] ?? 0)
  if (last.text.startsWith('stall')) last.fromMs = Math.max(last.fromMs, at - forMs)
}
