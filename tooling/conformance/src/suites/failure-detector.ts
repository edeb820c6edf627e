import {
  DeadlineDetector,
  HeartbeatHistory,
  phi,
  PhiAccrualDetector,
  type FailureDetector,
} from '@casty/failure-detector'
import {
  booleanOf,
  isAbsent,
  MalformedVector,
  numberOf,
  objectOf,
  objectsOf,
  oneOf,
  textOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { casesBySection } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

export const failureDetector: Suite = (file) =>
  casesBySection('failure-detector', file, {
    phi: quantity,
    phiRelations: relation,
    phiExact: exact,
    scenarios: scenario,
    history,
  })

function phiOf(
  data: JsonObject,
  timeDiff = data['timeDiff'],
  stdDev = data['stdDeviation'],
): number {
  return phi(numberOf(timeDiff, 'timeDiff'), {
    meanMs: numberOf(data['mean'], 'mean'),
    stdDevMs: numberOf(stdDev, 'stdDeviation'),
  })
}

function quantity(data: JsonObject): readonly Fact[] {
  const level = phiOf(data)
  const asked = oneOf(data['quantity'], ['phi', 'cdf'], 'quantity')
  const actual = asked === 'phi' ? level : 1 - 10 ** -level
  return answer(
    numberOf(data['expect'], 'expect'),
    actual,
    numberOf(data['tolerance'], 'tolerance'),
  )
}

function exact(data: JsonObject): readonly Fact[] {
  const expected = numberOf(data['expect'], 'expect')
  const relative = numberOf(data['relativeTolerance'], 'relativeTolerance')
  // The formula as published subtracts from 1, so its own values are no better than that rounding.
  const tolerance = Number.isFinite(expected)
    ? Math.max(Math.abs(expected) * relative, Number.EPSILON)
    : 0
  return answer(expected, phiOf(data), tolerance)
}

function relation(data: JsonObject): readonly Fact[] {
  const expected = oneOf(
    data['expect'],
    ['strictly increasing', 'phi(large) < phi(small)'],
    'expect',
  )
  const actual =
    expected === 'strictly increasing'
      ? isStrictlyIncreasing(data)
      : phiOf(data, data['timeDiff'], data['stdDeviationLarge']) <
        phiOf(data, data['timeDiff'], data['stdDeviationSmall'])
  return answer(expected, actual ? expected : `not ${expected}`)
}

function isStrictlyIncreasing(data: JsonObject): boolean {
  const step = numberOf(data['step'], 'step')
  const end = numberOf(data['timeDiffTo'], 'timeDiffTo')
  if (step <= 0) throw new MalformedVector(`step is ${step}, expected a number above 0`)
  let last = Number.NEGATIVE_INFINITY
  for (let at = numberOf(data['timeDiffFrom'], 'timeDiffFrom'); at <= end; at += step) {
    const level = phiOf(data, at)
    if (level <= last) return false
    last = level
  }
  return true
}

function history(data: JsonObject): readonly Fact[] {
  const samples = new HeartbeatHistory(numberOf(data['maxSampleSize'], 'maxSampleSize'))
  for (const interval of objectsOrNumbers(data['intervals'])) samples.record(interval)
  const tolerance = numberOf(data['tolerance'] ?? 0, 'tolerance')
  const check = (part: string, expected: Json | undefined, actual: number): readonly Fact[] =>
    isAbsent(expected) ? [] : [fact(part, expected, actual, tolerance)]
  return [
    ...check('mean', data['expectMean'], samples.meanMs),
    ...check('variance', data['expectVariance'], samples.variance),
  ]
}

function objectsOrNumbers(value: Json | undefined): readonly number[] {
  if (!Array.isArray(value)) throw new MalformedVector('intervals is no array')
  return value.map((item: Json, index) => numberOf(item, `intervals[${index}]`))
}

function detectorOf(data: JsonObject): FailureDetector {
  const config = objectOf(data['config'] ?? {}, 'config')
  const setting = (key: string, otherwise: number): number =>
    numberOf(config[key] ?? otherwise, key)
  const acceptablePauseMs = setting('acceptableHeartbeatPauseMs', 0)
  switch (oneOf(data['detector'], ['phi', 'deadline'], 'detector')) {
    case 'phi':
      return new PhiAccrualDetector({
        threshold: setting('threshold', 8),
        maxSampleSize: setting('maxSampleSize', 1_000),
        minStdDevMs: setting('minStdDeviationMs', 10),
        acceptablePauseMs,
        firstHeartbeatEstimateMs: setting('firstHeartbeatEstimateMs', 1_000),
      })
    case 'deadline':
      return new DeadlineDetector({
        heartbeatIntervalMs: setting('heartbeatIntervalMs', 1_000),
        acceptablePauseMs,
      })
  }
}

function scenario(data: JsonObject): readonly Fact[] {
  const detector = detectorOf(data)
  const remembered = new Map<string, number>()
  let now = 0
  return objectsOf(data['ops'], 'ops').flatMap((op, index) => {
    now = numberOf(op['at'] ?? now, 'at')
    const part = `step ${index + 1}, ${textOf(op['op'], 'op')} at ${now}`
    switch (oneOf(op['op'], ['heartbeat', 'isAvailable', 'isMonitoring', 'phi'], 'op')) {
      case 'heartbeat':
        now = beat(detector, op, now)
        return []
      case 'isAvailable':
        return [fact(part, booleanOf(op['expect'], 'expect'), detector.isAvailable(now))]
      case 'isMonitoring':
        return [fact(part, booleanOf(op['expect'], 'expect'), detector.isMonitoring)]
      case 'phi':
        return phiFacts(part, objectOf(op['expect'], 'expect'), detector.suspicion(now), remembered)
    }
  })
}

/** One heartbeat, or a row of them; returns when the last one was. */
function beat(detector: FailureDetector, op: JsonObject, from: number): number {
  const times = numberOf(op['repeat'] ?? 1, 'repeat')
  const everyMs = numberOf(op['everyMs'] ?? 0, 'everyMs')
  for (let index = 0; index < times; index++) detector.heartbeat(from + index * everyMs)
  return from + Math.max(0, times - 1) * everyMs
}

function phiFacts(
  part: string,
  expect: JsonObject,
  level: number,
  remembered: Map<string, number>,
): readonly Fact[] {
  const tolerance = numberOf(expect['tolerance'] ?? 0, 'tolerance')
  const facts: Fact[] = []
  if (!isAbsent(expect['name'])) remembered.set(textOf(expect['name'], 'name'), level)
  if (!isAbsent(expect['approx']))
    facts.push(fact(part, numberOf(expect['approx'], 'approx'), level, tolerance))
  if (!isAbsent(expect['sameAs'])) {
    const name = textOf(expect['sameAs'], 'sameAs')
    const before = remembered.get(name)
    if (before === undefined) throw new MalformedVector(`${part}: no earlier phi named "${name}"`)
    facts.push(fact(part, before, level, tolerance))
  }
  for (const [key, isMet] of bounds) {
    if (isAbsent(expect[key])) continue
    const bound = numberOf(expect[key], key)
    facts.push(fact(part, `${key} ${bound}`, isMet(level, bound) ? `${key} ${bound}` : level))
  }
  if (facts.length === 0 && isAbsent(expect['name']))
    throw new MalformedVector(`${part}: expect names none of approx, greaterThan, lessThan, sameAs`)
  return facts
}

const bounds: readonly (readonly [
  key: string,
  isMet: (level: number, bound: number) => boolean,
])[] = [
  ['greaterThan', (level, bound) => level > bound],
  ['lessThan', (level, bound) => level < bound],
]
