import { interleave } from '../interleave.ts'
import { speedsOf } from '../pair.ts'
import type { Row, Scenario } from '../scenario.ts'
import { measure } from '../transport/measure.ts'
import type { Workload } from '../transport/workload.ts'

interface Case {
  readonly what: string
  readonly unit: string
  readonly wanted?: string
  readonly workload: Workload
}

/** An association over TCP beside the bare sockets it is made of. */
export const scenario: Scenario = {
  name: 'transport',
  description: 'messages and requests per second between two processes, beside bare node:net',
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const { what, unit, wanted, workload } of cases) {
      progress(what)
      const { casty, raw } = await interleave(repetitions, {
        raw: () => measure('raw', workload),
        casty: () => measure('casty', workload),
      })
      const reference = { name: 'raw', samples: speedsOf(raw) }
      rows.push({ what, unit, samples: speedsOf(casty), reference, ...(wanted && { wanted }) })
    }
    return { title: '@casty/transport-tcp, data lane, loopback', rows, notes }
  },
}

const cases: readonly Case[] = [
  oneWay('one-way, 100 bytes', 100, '≥ 0.70'),
  oneWay('one-way, 1 KiB', 1_024),
  oneWay('one-way, 64 KiB', 65_536),
  requestAnswer(1, '≥ 0.80'),
  requestAnswer(64, '≥ 0.70'),
  requestAnswer(256, '≥ 0.70'),
]

const notes = [
  'raw: node:net, 4-byte length, one write per turn, same workload, same run.',
  'A ratio is the median of the ratios of neighbouring measurements.',
]

function oneWay(what: string, payloadBytes: number, wanted?: string): Case {
  const workload = { type: 'one-way', payloadBytes } as const
  return { what, unit: 'messages/s', workload, ...(wanted && { wanted }) }
}

function requestAnswer(inFlight: number, wanted: string): Case {
  const workload = { type: 'request-answer', payloadBytes: 100, inFlight } as const
  return { what: `request/answer, ${inFlight} in flight`, unit: 'requests/s', wanted, workload }
}
