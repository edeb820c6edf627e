// Where shared structures answer otherwise than the cases of them expect.
import type { Deviation, Parts } from '../deviations.ts'
import { isObject, objectsOf, type Json, type JsonObject } from '../json.ts'
import type { VectorCase } from '../vector-case.ts'

const stepsOf = ({ data }: VectorCase): readonly JsonObject[] => objectsOf(data['steps'], 'steps')

function isStructures(vector: VectorCase): boolean {
  return vector.suite === 'ddata-structures'
}

/** Parts whose expectation `change` has another answer for. */
function changed(expected: Parts, change: (part: string, value: Json) => Json | undefined): Parts {
  return Object.fromEntries(
    Object.entries(expected).flatMap(([part, value]) => {
      const other = change(part, value)
      return other === undefined ? [] : [[part, other]]
    }),
  )
}

function only(expected: Parts, parts: readonly string[]): Parts {
  return Object.fromEntries(Object.entries(expected).filter(([part]) => parts.includes(part)))
}

/** What a call of a process that is cut off comes to: not known, where what was sent may have arrived. */
const whatIsSentMayArrive: Deviation = {
  id: 'what-is-sent-may-arrive',
  reason:
    'A call of a process that is cut off was sent before anybody could know of the cut. That it had no effect could be ' +
    'said only by whoever would have carried it out: until then it is not known.',
  applies: (vector) =>
    isStructures(vector) &&
    stepsOf(vector).some(({ fault }) => fault === 'isolateProc') &&
    stepsOf(vector).some(({ expect }) => isObject(expect) && isObject(expect['props'])),
  upstream: (_, expected) => only(expected, Object.keys(changed(expected, saysNoEffect))),
  ours: (_, expected) => changed(expected, saysNoEffect),
}

function saysNoEffect(_: string, value: Json): Json | undefined {
  return isObject(value) && value['applied'] === 'no' ? { ...value, applied: 'unknown' } : undefined
}

/** Whoever hears nothing for as long as a lease lasts cannot know that nobody else has it. */
const silenceEndsLeases: Deviation = {
  id: 'silence-ends-leases',
  reason:
    'While a host stands still for longer than a lease lasts, its holder hears nothing. It takes the lease for lost in ' +
    'time, as it must where another host took over; so the next one in line gets it.',
  applies: (vector) => isStructures(vector) && isStalledBeyondLease(vector),
  upstream: (_, expected) => only(expected, Object.keys(changed(expected, staysHeld))),
  ours: (_, expected) => changed(expected, staysHeld),
}

function isStalledBeyondLease({ data }: VectorCase): boolean {
  const ttls = objectsOf(data['open'], 'open').map(({ opts }) =>
    isObject(opts) ? Number(opts['ttl'] ?? 0) : 0,
  )
  const stalls = objectsOf(data['steps'], 'steps').filter(({ fault }) => fault === 'stallHost')
  return stalls.some(({ ms }) => ttls.some((ttl) => ttl > 0 && Number(ms) > ttl))
}

function staysHeld(part: string, value: Json): Json | undefined {
  if (/: held /.test(part)) return { aborted: true, isLeft: false }
  if (part.endsWith(': pending') && Array.isArray(value) && value.length === 0) return ['b']
  return undefined
}

export const structureDeviations: readonly Deviation[] = [whatIsSentMayArrive, silenceEndsLeases]
