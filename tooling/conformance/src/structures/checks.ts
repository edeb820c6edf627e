// Checks of a case beside what its steps come to: of leases, and of several calls together.
import type { Lease } from '@casty/ddata'
import type { Json } from '../json.ts'
import { fact } from '../vector-case.ts'
import { collectedAs, identityOf } from './repeating.ts'
import type { CaseRun } from './run-case.ts'

/** What is asked of all that happened so far. @throws for a check that is not known */
export function checkNow(run: CaseRun, check: readonly Json[], part: string): void {
  const [name = '', ...args] = check.map(String)
  const [first = '', second = ''] = args
  const add = (expected: Json, actual: Json): void =>
    void run.facts.push(fact(`${part}: ${[name, ...args].join(' ')}`, expected, actual))
  switch (name) {
    case 'tokenLess': {
      const tokens = args.map((lease) => run.leaseOf(lease).lease.token)
      const grow = tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0n))
      add(true, grow)
      return
    }
    case 'held':
      add({ aborted: false, isLeft: true }, heldOf(run.leaseOf(first).lease))
      return
    case 'lost':
      add(true, run.leaseOf(first).lease.signal.aborted)
      return
    case 'lostBeforeGrant':
      add(true, (run.leaseOf(first).lostAt ?? Infinity) <= run.leaseOf(second).grantedAt)
      return
    case 'exactlyOne': {
      const wanted = check[2] ?? null
      const outcomes = first.split(' ').map((each) => run.startedAs(each).outcome)
      add(1, outcomes.filter((each) => each?.type === 'returned' && each.value === wanted).length)
      return
    }
    case 'distinct': {
      const results = collectedAs(run, first).map(identityOf)
      add(results.length, new Set(results).size)
      return
    }
    case 'count':
      add(check[2] ?? null, collectedAs(run, first).length)
      return
    case 'everyAcknowledgedWriteReadable':
    case 'everySettles':
    case 'sumOfAcknowledgedEqualsValue':
      add(true, run.bound.values.get(`check ${name}`) === true)
      return
    case 'renewalsSince':
      add(Number(check[2]), Number(run.bound.values.get(`renewals ${first}`) ?? 0))
      return
    default:
      throw new Error(`check ${name} is not known`)
  }
}

function heldOf({ signal, expiresIn }: Lease): Json {
  return { aborted: signal.aborted, isLeft: expiresIn > 0 }
}
