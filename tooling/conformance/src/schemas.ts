import { isObject, type Json, type JsonObject } from './json.ts'
import { atomrFunctions } from './suites/atomr-functions.ts'
import { crdt } from './suites/crdt.ts'
import { ddataReplicator } from './suites/ddata-replicator.ts'
import { ddataStructures } from './suites/ddata-structures.ts'
import { failureDetector } from './suites/failure-detector.ts'
import { gossip } from './suites/gossip.ts'
import { heartbeat } from './suites/heartbeat.ts'
import { member } from './suites/member.ts'
import { reachability } from './suites/reachability.ts'
import { sbrDecision } from './suites/sbr-decision.ts'
import { sbrRuntime } from './suites/sbr-runtime.ts'
import { sbrSafety } from './suites/sbr-safety.ts'
import { vectorClock } from './suites/vector-clock.ts'
import type { Suite } from './vector-case.ts'

/** The schemas whose cases are run, by name. */
export const suites: Readonly<Record<string, Suite>> = {
  'atomr-functions': atomrFunctions,
  crdt,
  'ddata-replicator': ddataReplicator,
  'ddata-structures': ddataStructures,
  'failure-detector': failureDetector,
  gossip,
  heartbeat,
  member,
  reachability,
  'sbr-decision': sbrDecision,
  'sbr-runtime': sbrRuntime,
  'sbr-safety': sbrSafety,
  'vector-clock': vectorClock,
}

/** Schemas of packages to come: named in the report, and not counted. */
const awaitedSchemas = /^ddata-(?!replicator|structures)/

/** What a file says it is; by its name where it says nothing. */
export type Recognized =
  | {
      readonly type: 'suite'
      readonly name: string
      readonly suite: Suite
      readonly file: JsonObject
    }
  | { readonly type: 'awaited'; readonly name: string }
  | { readonly type: 'unknown'; readonly reason: string }

const schemaText = /^casty-vectors\/([a-z0-9-]+)@(\d+)$/

export function recognize(fileName: string, content: Json): Recognized {
  if (!isObject(content)) return { type: 'unknown', reason: 'it holds no JSON object' }
  const { schema } = content
  const match = typeof schema === 'string' ? schemaText.exec(schema) : undefined
  if (typeof schema === 'string' && !match)
    return { type: 'unknown', reason: `schema ${JSON.stringify(schema)} is not known` }
  // Some files describe their cases under `schema`; then the file's name tells which it is.
  const name = match?.[1] ?? fileName.replace(/\.json$/, '')
  if (awaitedSchemas.test(name)) return { type: 'awaited', name }
  const suite = Object.hasOwn(suites, name) ? suites[name] : undefined
  if (!suite) return { type: 'unknown', reason: `schema "${name}" is not known` }
  if (match && match[2] !== '1')
    return { type: 'unknown', reason: `version ${match[2]} of schema "${name}" is not known` }
  return { type: 'suite', name, suite, file: content }
}
