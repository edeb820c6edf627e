import { interleave } from '../interleave.ts'
import { speedsOf, usesOf, type PairFigures } from '../pair.ts'
import type { Context, Row, Scenario } from '../scenario.ts'
import { measureMoleculer, measureSharded } from '../sharding/measure.ts'
import { measureReplicated } from '../sharding/replicated.ts'
import { measure } from '../transport/measure.ts'

/** Entities of other processes beside bare frames and Moleculer. */
export const scenario: Scenario = {
  name: 'sharding',
  description:
    'questions and messages to entities of another process, and what it costs that others keep what entities write',
  repetitions: 3,
  async run(context) {
    const rows = [
      ...(await asking(context)),
      ...(await sending(context)),
      ...(await askingHere(context)),
      ...(await replicating(context)),
    ]
    return { title: '@casty/sharding, TCP on loopback, defaults', rows, notes }
  },
}

const notes = [
  'Questions go round 100 entities: { type, amount, replyTo }, answered by { total }; one-way is { type, amount }.',
  'raw: frames of 100 bytes over node:net, one write per turn, echoed or counted, no codec; same run.',
  'Moleculer: calls of an action of another node over its own TCP transporter. It has no entities.',
  'Confirmed writes: event-sourced entities of one node, one event each, minAcks 1; the reference keeps events in its memory alone.',
]

async function asking({ repetitions, progress }: Context): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const inFlight of [1, 64, 256]) {
    progress(`ask, ${inFlight} in flight`)
    const { raw, casty, moleculer } = await interleave(repetitions, {
      raw: () => measure('raw', { type: 'request-answer', payloadBytes: 100, inFlight }),
      casty: () => measureSharded({ type: 'ask', inFlight }),
      moleculer: () => measureMoleculer(inFlight),
    })
    const what = `ask, ${inFlight} in flight`
    const row = { unit: 'answers/s', samples: speedsOf(casty) }
    rows.push(
      {
        ...row,
        what: `${what}, beside raw`,
        reference: { name: 'raw', samples: speedsOf(raw) },
        wanted: inFlight === 1 ? '≥ 0.50' : '≥ 0.30',
      },
      {
        ...row,
        what: `${what}, beside Moleculer`,
        reference: { name: 'Moleculer', samples: speedsOf(moleculer) },
        wanted: '≥ 5',
      },
      { what: `${what}, processor of one, both ends`, unit: 'µs', samples: usesOf(casty) },
    )
  }
  return rows
}

/** What it costs that others keep what entities write: within one node but for the copies. */
async function replicating({ repetitions, progress }: Context): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const inFlight of [1, 256]) {
    progress(`confirmed writes, ${inFlight} in flight`)
    const written = async (replicas: number): Promise<PairFigures> =>
      await measureReplicated({ replicas, minAcks: Math.min(replicas, 1), inFlight })
    const { none, one, two } = await interleave(repetitions, {
      none: async () => await written(0),
      one: async () => await written(1),
      two: async () => await written(2),
    })
    const reference = { name: 'memory of one node', samples: speedsOf(none) }
    const row = { unit: 'writes/s', reference }
    rows.push(
      { ...row, what: `confirmed write, 1 replica, ${inFlight} in flight`, samples: speedsOf(one) },
      {
        ...row,
        what: `confirmed write, 2 replicas, ${inFlight} in flight`,
        samples: speedsOf(two),
      },
      { what: '… processor of the owner, no replica', unit: 'µs', samples: usesOf(none) },
      { what: '… 1 replica', unit: 'µs', samples: usesOf(one) },
      { what: '… 2 replicas', unit: 'µs', samples: usesOf(two) },
    )
  }
  return rows
}

async function sending({ repetitions, progress }: Context): Promise<readonly Row[]> {
  progress('one-way')
  const { raw, casty } = await interleave(repetitions, {
    raw: () => measure('raw', { type: 'one-way', payloadBytes: 100 }),
    casty: () => measureSharded({ type: 'one-way' }),
  })
  return [
    {
      what: 'one-way',
      unit: 'messages/s',
      samples: speedsOf(casty),
      reference: { name: 'raw', samples: speedsOf(raw) },
      wanted: '≥ 0.25',
    },
    { what: 'one-way, processor of one, both ends', unit: 'µs', samples: usesOf(casty) },
  ]
}

async function askingHere({ repetitions, progress }: Context): Promise<readonly Row[]> {
  progress('ask, within the node')
  const { here } = await interleave(repetitions, {
    here: () => measureSharded({ type: 'local-ask', inFlight: 64 }),
  })
  return [
    {
      what: 'ask within the node, 64 in flight',
      unit: 'answers/s',
      samples: speedsOf(here),
      wanted: '≥ 300,000',
    },
    { what: 'ask within the node, processor of one', unit: 'µs', samples: usesOf(here) },
  ]
}
