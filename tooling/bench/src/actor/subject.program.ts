// One measurement, in a process of its own: nothing that ran before has shaped its code.
import assert from 'node:assert/strict'
import type { Assignment, Report } from './messages.ts'
import type { Subject, SubjectName } from './subject.ts'
import { Tally } from './tally.ts'
import { overflows, workloads, type Round } from './workloads.ts'

const warmUpMs = 250
const sampleMs = 250
/** To look at the time takes a while itself. */
const roundsPerLook = 4

// Written by `measure` in this folder.
const assignment = JSON.parse(process.argv[2] ?? '') as Assignment
process.send?.(await carryOut(assignment))
process.disconnect?.()
process.exit() // Subjects may have timers.

async function carryOut(given: Assignment): Promise<Report> {
  switch (given.type) {
    case 'rate':
      return await withSubject(given.subject, (subject) =>
        rate(workloads[given.workload].roundOf(subject)),
      )
    case 'overflow': {
      const { casty } = await import('./casty.ts')
      const { boundedLimit } = await import('./limit.ts')
      if (given.subject === 'casty') return await rate(overflows(casty, given.overflow))
      return await rate(overflows(boundedLimit, given.overflow))
    }
    case 'idle':
      return await withSubject(given.subject, (subject) => idle(subject, given.count))
  }
}

/** Loads only what is measured. */
async function withSubject(
  name: SubjectName,
  measured: <B, R>(subject: Subject<B, R>) => Promise<Report>,
): Promise<Report> {
  switch (name) {
    case 'casty':
      return await measured((await import('./casty.ts')).casty)
    case 'limit':
      return await measured((await import('./limit.ts')).limit)
    case 'nact':
      return await measured((await import('./nact.ts')).nact)
    case 'xstate':
      return await measured((await import('./xstate.ts')).xstate)
    case 'xstate-callback':
      return await measured((await import('./xstate.ts')).xstateCallback)
  }
}

async function rate(round: Round): Promise<Report> {
  await perSecond(round, warmUpMs)
  return { type: 'rate', perSecond: await perSecond(round, sampleMs) }
}

/** Of time on the processor, which what else the machine does takes nothing from. */
async function perSecond(round: Round, ms: number): Promise<number> {
  const start = process.cpuUsage()
  let done = 0
  let cpuMs = 0
  for (; cpuMs < ms; cpuMs = usedMs(start)) {
    for (let rounds = 0; rounds < roundsPerLook; rounds++) done += await round()
  }
  return (done / cpuMs) * 1_000
}

function usedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}

/** All of them live at once, and each has handled one message. */
async function idle<B, R>(subject: Subject<B, R>, count: number): Promise<Report> {
  const tally = new Tally()
  const behavior = subject.define(tally.count)
  const refs = Array.from<R | undefined>({ length: count })
  const before = usedBytes()
  const startMs = performance.now()
  await tally.of(count, count, () => {
    for (let index = 0; index < count; index++) {
      const ref = subject.spawn(behavior)
      refs[index] = ref
      subject.tell(ref, { type: 'message', value: 1 })
    }
  })
  const seconds = (performance.now() - startMs) / 1_000
  const bytes = (usedBytes() - before) / count
  await tally.of(1, 2, () => {
    const last = refs.at(-1)
    assert(last !== undefined, 'all of them are held until here')
    subject.tell(last, { type: 'message', value: 2 })
  })
  return { type: 'idle', bytes, seconds }
}

function usedBytes(): number {
  assert(globalThis.gc, 'the process was started with --expose-gc')
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
