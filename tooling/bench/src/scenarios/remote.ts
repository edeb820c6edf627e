import { interleave } from '../interleave.ts'
import { speedsOf, usesOf } from '../pair.ts'
import { measureRemote, type RemoteWorkload } from '../remote/measure.ts'
import type { Row, Scenario } from '../scenario.ts'
import { measure } from '../transport/measure.ts'
import type { Workload } from '../transport/workload.ts'

interface Case {
  readonly what: string
  readonly unit: string
  readonly wanted: string
  readonly workload: RemoteWorkload
  /** The same with bare frames. */
  readonly bare: Workload
}

/** Actors of two processes beside the frames that could carry their messages at best. */
export const scenario: Scenario = {
  name: 'remote',
  description:
    'questions and messages per second to an actor of another process, beside bare frames',
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const { what, unit, wanted, workload, bare } of cases) {
      progress(what)
      const { casty, raw } = await interleave(repetitions, {
        raw: () => measure('raw', bare),
        casty: () => measureRemote(workload),
      })
      rows.push(
        {
          what,
          unit,
          samples: speedsOf(casty),
          reference: { name: 'raw', samples: speedsOf(raw) },
          wanted,
        },
        { what: '… processor of one, both ends', unit: 'µs', samples: usesOf(casty) },
      )
    }
    return { title: '@casty/remote, default serializer, plain objects, loopback', rows, notes }
  },
}

const cases: readonly Case[] = [
  asking(1, '≥ 0.50'),
  asking(64, '≥ 0.30'),
  asking(256, '≥ 0.30'),
  {
    what: 'one-way',
    unit: 'messages/s',
    wanted: '≥ 0.25',
    workload: { type: 'one-way' },
    bare: { type: 'one-way', payloadBytes: 100 },
  },
]

const notes = [
  "A question is { type: 'add', amount: 3, replyTo }, its answer { total }; one-way is { type, amount }.",
  'raw: frames of 100 bytes over node:net, one write per turn, echoed or counted, no codec; same run.',
]

function asking(inFlight: number, wanted: string): Case {
  return {
    what: `ask, ${inFlight} in flight`,
    unit: 'answers/s',
    wanted,
    workload: { type: 'ask', inFlight },
    bare: { type: 'request-answer', payloadBytes: 100, inFlight },
  }
}
