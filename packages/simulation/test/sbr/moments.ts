// What a trace says of one moment: who showed what, and what had been done just before.
import type { NoteEvent, TraceEvent } from '../../src/index.ts'
import { isRuling, type Told } from './story.ts'

/** Hosts as they are written in lists, of 'a b'. */
export function listOf(hosts: string): readonly string[] {
  return hosts
    .split(' ')
    .filter(Boolean)
    .map((host) => ` ${host}`)
}

export function notesOf({ result }: Told): readonly NoteEvent[] {
  return (result.trace ?? []).filter((event: TraceEvent) => event.type === 'note')
}

/** What was done to hosts, and by users, whose text begins so. */
export function notesThat(told: Told, begins: string): readonly NoteEvent[] {
  return notesOf(told).filter(({ kind, text }) => isDone(kind) && text.startsWith(begins))
}

function isDone(kind: NoteEvent['kind']): boolean {
  return kind === 'fault' || kind === 'workload'
}

/** What each host showed last before a note, of those that ran: `a#0000:up b#2000:joining`. */
export function shownBefore(told: Told, note: NoteEvent): ReadonlyMap<string, string> {
  const shown = new Map<string, string>()
  for (const { host, kind, text } of notesOf(told).slice(0, notesOf(told).indexOf(note))) {
    if (kind === 'state') shown.set(host, text)
    if (kind === 'process' && /^(starts|crashed|exited|failed)/.test(text)) shown.delete(host)
  }
  return shown
}

/** The status that each host shows of the life of a host that now runs, as that one names it itself. */
export function statusesOf(
  shown: ReadonlyMap<string, string>,
  host: string,
): Readonly<Record<string, string>> {
  const [name = 'nobody'] = new RegExp(`\\b${host}#\\d+`).exec(shown.get(host) ?? '') ?? []
  return Object.fromEntries(
    [...shown].map(([by, text]) => [by, new RegExp(`${name}:([a-z-]+)`).exec(text)?.[1] ?? '-']),
  )
}

/** Between whom links were cut at the time of a note: `ab` from `a` to `b`. */
export function cutsAt(told: Told, { at }: NoteEvent): ReadonlySet<string> {
  const cuts = notesThat(told, 'cut ').filter((cut) => cut.at === at)
  return new Set(cuts.map(({ host, text }) => host + (/ to (\w+) /.exec(text)?.[1] ?? '')))
}

/** The same for sides, as in 'a b | c'. */
export function cutsBetween(text: string): ReadonlySet<string> {
  const groups = text.split('|').map((group) => group.trim().split(' '))
  return new Set(
    groups.flatMap((group) =>
      groups
        .filter((other) => other !== group)
        .flatMap((other) => group.flatMap((from) => other.map((to) => from + to))),
    ),
  )
}

/** When a host first told of a decision; infinity where it never did. */
export function decidedAt(told: Told, host: string): number {
  const rulings = notesOf(told).filter(({ kind, text }) => kind === 'log' && isRuling(text))
  return rulings.find((note) => note.host === host)?.at ?? Infinity
}
