import { Reachability, type ReachabilityRecord, type ReachabilityRow } from '@casty/membership'
import {
  countsOf,
  isAbsent,
  listOf,
  MalformedVector,
  numberOf,
  objectOf,
  objectsOf,
  oneOf,
  sorted,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { casesByKind } from '../sections.ts'
import { fact, type Fact, type Suite } from '../vector-case.ts'

export const reachability: Suite = (file) =>
  casesByKind('reachability', file, {
    ops: (data) => tableFacts(tableOf(data), data),
    records: (data) => tableFacts(tableOf(data), data),
    merge,
    remove: (data) => tableFacts(tableOf(data).remove(nodesOf(data)), data),
    'remove-observers': (data) => tableFacts(tableOf(data).removeObservers(nodesOf(data)), data),
    'filter-observer': (data) => tableFacts(tableOf(data).filterObservers(nodesOf(data)), data),
    'no-change': noChange,
  })

const statuses = ['reachable', 'unreachable', 'terminated'] as const

function nodesOf(data: JsonObject): readonly string[] {
  return textsOf(data['nodes'], 'nodes')
}

/** A table given by the operations that make it, or as records with the observers' versions. */
function tableOf(data: JsonObject): Reachability {
  if (!isAbsent(data['ops'])) {
    return objectsOf(data['ops'], 'ops').reduce(applied, Reachability.empty)
  }
  const given = isAbsent(data['table']) ? data : objectOf(data['table'], 'table')
  return reachabilityOf(given['records'], given['versions'], (label) => label)
}

/** A table from records, and versions where they are not the records' own. */
export function reachabilityOf(
  records: Json | undefined,
  versions: Json | undefined,
  keyOf: (label: string) => string,
): Reachability {
  const rows = new Map<string, { version: number; records: Map<string, ReachabilityRecord> }>()
  const row = (label: string): { version: number; records: Map<string, ReachabilityRecord> } => {
    const found = rows.get(keyOf(label)) ?? { version: 0, records: new Map() }
    rows.set(keyOf(label), found)
    return found
  }
  for (const record of objectsOf(records ?? [], 'records')) {
    const version = numberOf(record['version'] ?? 1, 'version')
    const status = oneOf(record['status'], statuses, 'status')
    const observed = row(textOf(record['observer'], 'observer'))
    observed.version = Math.max(observed.version, version)
    observed.records.set(keyOf(textOf(record['subject'], 'subject')), { status, version })
  }
  for (const [label, version] of countsOf(versions ?? {}, 'versions')) row(label).version = version
  return Reachability.of(
    [...rows].map(([observer, found]): [string, ReachabilityRow] => [
      observer,
      { ...found, doubtful: false },
    ]),
  )
}

function applied(table: Reachability, op: JsonObject): Reachability {
  const observer = textOf(op['observer'], 'observer')
  const subject = textOf(op['subject'], 'subject')
  switch (oneOf(op['op'], statuses, 'op')) {
    case 'reachable':
      return table.reachable(observer, subject)
    case 'unreachable':
      return table.unreachable(observer, subject)
    case 'terminated':
      return table.terminated(observer, subject)
  }
}

function merge(data: JsonObject): readonly Fact[] {
  const left = tableOf(objectOf(data['left'], 'left'))
  const right = tableOf(objectOf(data['right'], 'right'))
  const nodes = isAbsent(data['allowed']) ? undefined : new Set(textsOf(data['allowed'], 'allowed'))
  const allowed = (node: string): boolean => nodes?.has(node) ?? true
  const merged = left.merge(right, allowed)
  return [
    ...tableFacts(merged, data),
    fact('commutes', true, merged.equals(right.merge(left, allowed))),
  ]
}

function noChange(data: JsonObject): readonly Fact[] {
  const before = tableOf(data)
  const after = applied(before, objectOf(data['then'], 'then'))
  const expected = objectOf(data['expect'], 'expect')['changed'] ?? false
  return [fact('changed', expected, after !== before), ...tableFacts(after, data)]
}

/** Everything that the expectation says about a table. */
function tableFacts(table: Reachability, data: JsonObject): readonly Fact[] {
  const expected = objectOf(data['expect'], 'expect')
  const facts = Object.entries(expected).flatMap(([part, wanted]) => {
    const [normal, actual] = partOf(table, part, wanted) ?? []
    return normal === undefined || actual === undefined ? [] : [fact(part, normal, actual)]
  })
  if (facts.length === 0) throw new MalformedVector('expect names nothing that can be checked')
  return facts
}

function partOf(
  table: Reachability,
  part: string,
  wanted: Json,
): readonly [expected: Json, actual: Json] | undefined {
  switch (part) {
    case 'records':
      return [recordTexts(objectsOf(wanted, part)), recordTexts(recordsOf(table))]
    case 'versions': {
      const versions = [...table.rows].map(([node, row]): [string, Json] => [node, row.version])
      return [wanted, Object.fromEntries(versions)]
    }
    case 'allUnreachable':
      return [sorted(textsOf(wanted, part)), table.allUnreachable]
    case 'allTerminated':
      return [sorted(textsOf(wanted, part)), table.allTerminated]
    case 'status':
      return [wanted, mapped(wanted, part, (subject) => table.statusOf(subject))]
    case 'pairs':
      return [pairTexts(wanted), pairTexts(wanted, table)]
    case 'unreachableFrom':
      return [setsOf(wanted, part), mapped(wanted, part, (observer) => subjectsOf(table, observer))]
    case 'observersGroupedByUnreachable':
      return [setsOf(wanted, part), observersGrouped(table)]
    default:
      return undefined // `changed` is the rule's own; keys that nobody knows are ignored.
  }
}

function recordsOf(table: Reachability): readonly JsonObject[] {
  return [...table.rows].flatMap(([observer, row]) =>
    [...row.records].map(([subject, record]) => ({ observer, subject, ...record })),
  )
}

function recordTexts(records: readonly JsonObject[]): readonly string[] {
  return records
    .map(({ observer, subject, status, version }) =>
      [observer, 'finds', subject, status, 'at version', version].map(String).join(' '),
    )
    .toSorted()
}

function pairTexts(wanted: Json, table?: Reachability): readonly string[] {
  return objectsOf(wanted, 'pairs').map((pair) => {
    const observer = textOf(pair['observer'], 'observer')
    const subject = textOf(pair['subject'], 'subject')
    const status = table?.statusBetween(observer, subject) ?? textOf(pair['status'], 'status')
    return `${observer} finds ${subject} ${status}`
  })
}

/** Whom an observer finds unreachable, terminated ones left out. */
function subjectsOf(table: Reachability, observer: string): readonly string[] {
  return table
    .unreachableFrom(observer)
    .filter((subject) => table.statusBetween(observer, subject) === 'unreachable')
}

function observersGrouped(table: Reachability): JsonObject {
  const grouped = [...table.observersBySubject()].flatMap(([subject, observers]) => {
    const found = observers.filter(
      (observer) => table.statusBetween(observer, subject) === 'unreachable',
    )
    return found.length === 0 ? [] : [[subject, sorted(found)] as const]
  })
  return Object.fromEntries(grouped)
}

function mapped(wanted: Json, part: string, ask: (key: string) => Json): JsonObject {
  return Object.fromEntries(Object.keys(objectOf(wanted, part)).map((key) => [key, ask(key)]))
}

function setsOf(wanted: Json, part: string): JsonObject {
  const entries = Object.entries(objectOf(wanted, part))
  return Object.fromEntries(
    entries.map(([key, list]) => [key, sorted(listOf(list, part).map(String))]),
  )
}
