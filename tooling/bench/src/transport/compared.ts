import { interleave } from '../interleave.ts'
import { speedsOf, usesOf } from '../pair.ts'
import type { Context, Row } from '../scenario.ts'
import { measure } from './measure.ts'
import type { SubjectName } from './messages.ts'
import type { Workload } from './workload.ts'

interface Case {
  readonly what: string
  readonly unit: string
  readonly wanted?: string
  readonly workload: Workload
}

/**
 * An association beside the bare sockets it is made of: how many per second, and what one takes.
 *
 * @param over - in front of what each row measures, where a table has several
 */
export async function compared(
  subject: SubjectName,
  limit: { readonly name: string; readonly subject: SubjectName },
  { repetitions, progress }: Context,
  over = '',
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { what: name, unit, wanted, workload } of cases) {
    const what = `${over}${name}`
    progress(what)
    const { ours, bare } = await interleave(repetitions, {
      bare: () => measure(limit.subject, workload),
      ours: () => measure(subject, workload),
    })
    const reference = { name: limit.name, samples: speedsOf(bare) }
    rows.push(
      { what, unit, samples: speedsOf(ours), reference, ...(wanted && { wanted }) },
      {
        what: '… processor of one, both ends',
        unit: 'µs',
        samples: usesOf(ours),
        reference: { name: limit.name, samples: usesOf(bare) },
      },
    )
  }
  return rows
}

const cases: readonly Case[] = [
  oneWay('one-way, 100 bytes', 100, '≥ 0.70'),
  oneWay('one-way, 1 KiB', 1_024),
  oneWay('one-way, 64 KiB', 65_536),
  requestAnswer(1, '≥ 0.80'),
  requestAnswer(64, '≥ 0.70'),
  requestAnswer(256, '≥ 0.70'),
]

function oneWay(what: string, payloadBytes: number, wanted?: string): Case {
  const workload = { type: 'one-way', payloadBytes } as const
  return { what, unit: 'messages/s', workload, ...(wanted && { wanted }) }
}

function requestAnswer(inFlight: number, wanted: string): Case {
  const workload = { type: 'request-answer', payloadBytes: 100, inFlight } as const
  return { what: `request/answer, ${inFlight} in flight`, unit: 'requests/s', wanted, workload }
}
