import { measureEnds } from '../one-way/measure.ts'
import type { Row, Scenario } from '../scenario.ts'

/** What a message takes at each end: figures that hardly change with what else the machine does. */
export const scenario: Scenario = {
  name: 'one-way',
  description: 'processor time of a message at the end that sends it and at the one that gets it',
  repetitions: 3,
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const subject of ['frames', 'remote', 'sharded'] as const) {
      const sending: number[] = []
      const receiving: number[] = []
      for (let repetition = 0; repetition < repetitions; repetition++) {
        progress(subject)
        const figures = await measureEnds(subject)
        sending.push(...figures.sending)
        receiving.push(...figures.receiving)
      }
      rows.push(
        { what: `${subject}, sending`, unit: 'µs', samples: sending },
        { what: `${subject}, receiving`, unit: 'µs', samples: receiving },
      )
    }
    return { title: 'Processor time of one message, one way', rows, notes }
  },
}

const notes = [
  'Both ends in one process; what one writes is held and read by the other afterwards, in chunks of 64 KiB: no system calls.',
  'frames: of 100 bytes, by bare endpoints. remote: { type, amount } to one actor. sharded: the same, round 100 entities.',
]
