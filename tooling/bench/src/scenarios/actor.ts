import { measure } from '../actor/measure.ts'
import { peerNames, type Overflow, type SubjectName } from '../actor/subject.ts'
import { workloadNames, workloads } from '../actor/workloads.ts'
import { interleave } from '../interleave.ts'
import type { Row, Scenario } from '../scenario.ts'

const actors = 1_000_000
/** Peers take up so much that a million would not fit. */
const peerActors = 10_000

/** Actors beside what users would take in their place, and beside the least that an actor can be. */
export const scenario: Scenario = {
  name: 'actor',
  description: 'tell, ask, spawn and memory of actors, beside bare callbacks, nact and XState',
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const workload of workloadNames) {
      progress(workload)
      const samples = await interleave(
        repetitions,
        forEachSubject(async (subject) => {
          const { perSecond } = await measure('rate', { type: 'rate', subject, workload })
          return perSecond
        }),
      )
      const wanted = { peer: '≥ 3', ...(workload === 'tell' && { limit: '≥ 0.4' }) }
      rows.push(...besideAll(workload, workloads[workload].unit, samples, wanted))
    }
    for (const overflow of ['drop-new', 'drop-oldest'] as const) {
      progress(overflow)
      rows.push(await overflowing(overflow, repetitions))
    }
    progress('idle actors')
    rows.push(...(await idle(repetitions)))
    return { title: 'Actors', rows, notes }
  },
}

const notes = [
  'limit: callbacks in a Map, and a queue that one microtask empties. It neither bounds, fails, stops nor times out.',
  'nact and XState have no bounded mailboxes, and XState no questions: state that it waits for with a timeout.',
  'XState handles a message within the call that sends it. A ratio below 1 is the better one for memory.',
]

function forEachSubject<T>(of: (subject: SubjectName) => T): Record<SubjectName, () => T> {
  return {
    casty: () => of('casty'),
    limit: () => of('limit'),
    nact: () => of('nact'),
    xstate: () => of('xstate'),
    'xstate-callback': () => of('xstate-callback'),
  }
}

/** A row for each comparison: what is compared are samples that were taken one after the other. */
function besideAll(
  what: string,
  unit: string,
  samples: Readonly<Record<SubjectName, readonly number[]>>,
  wanted: { readonly peer: string; readonly limit?: string },
): readonly Row[] {
  const beside = (name: SubjectName, aim: string | undefined): Row => ({
    what: `${what}, beside ${name}`,
    unit,
    samples: samples.casty,
    reference: { name, samples: samples[name] },
    ...(aim && { wanted: aim }),
  })
  return [beside('limit', wanted.limit), ...peerNames.map((name) => beside(name, wanted.peer))]
}

async function overflowing(overflow: Overflow, repetitions: number): Promise<Row> {
  const rate = async (subject: 'casty' | 'limit'): Promise<number> => {
    const { perSecond } = await measure('rate', { type: 'overflow', subject, overflow })
    return perSecond
  }
  const { casty, limit } = await interleave(repetitions, {
    casty: () => rate('casty'),
    limit: () => rate('limit'),
  })
  return {
    what: `full mailbox, ${overflow}, beside limit`,
    unit: 'messages/s',
    samples: casty,
    reference: { name: 'limit', samples: limit },
  }
}

async function idle(repetitions: number): Promise<readonly Row[]> {
  const spawnSeconds: number[] = []
  const bytes = await interleave(
    repetitions,
    forEachSubject(async (subject) => {
      const isPeer = subject !== 'casty' && subject !== 'limit'
      const count = isPeer ? peerActors : actors
      const measured = await measure('idle', { type: 'idle', subject, count })
      if (subject === 'casty') spawnSeconds.push(measured.seconds)
      return measured.bytes
    }),
  )
  const named = actors.toLocaleString('en-US')
  return [
    { what: `memory of each of ${named}`, unit: 'B', samples: bytes.casty, wanted: '≤ 600' },
    ...besideAll('memory of each', 'B', bytes, { peer: '≤ 0.33' }),
    { what: `spawn ${named}, and have each handle a message`, unit: 's', samples: spawnSeconds },
  ]
}
