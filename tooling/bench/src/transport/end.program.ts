// One end of a measurement, a process of its own: nothing that ran before has shaped its code.
import type { PairReport } from '../pair.ts'
import type { Assignment } from './messages.ts'
import type { Subject } from './subject.ts'
import { drive, Meter, onAnswer, serve } from './workload.ts'

// Written by `measure` in this folder.
const { subject, workload, port } = JSON.parse(process.argv[2] ?? '') as Assignment
process.on('disconnect', () => process.exit())

const meter = new Meter((perSecond) => report({ type: 'measured', perSecond }))
const { connect, listen } = await load()
if (port === undefined) {
  report({ type: 'listening', port: await listen(serve(workload, meter)) })
} else {
  drive(workload, await connect(port, onAnswer(workload, meter)))
}

/** Loads only what is measured. */
async function load(): Promise<Subject> {
  switch (subject) {
    case 'raw':
      return (await import('./raw.ts')).raw
    case 'casty':
      return (await import('./casty.ts')).casty
  }
}

function report(message: PairReport): void {
  process.send?.(message)
}
