// A thread that carries out runs. A seeded bug is put in before any module of the code under test is
// loaded, which is why nothing of it is imported at the top.
import { parentPort, workerData } from 'node:worker_threads'
import { plant } from './bugs/plant.ts'
import type { Answer, Task, ThreadData } from './task.ts'

// `Hand` starts it with these.
const { bug } = workerData as ThreadData
const isPlanted = bug === undefined ? () => true : plant(bug)
// Code that does not load with a bug in it has not been caught at anything.
const loaded = await import('./carry-out.ts').catch((error: unknown) => String(error))

const say = (answer: Answer): void => parentPort?.postMessage(answer)

parentPort?.on('message', (task: Task) => {
  if (typeof loaded === 'string') {
    say({ type: 'refused', message: loaded })
    return
  }
  if (!isPlanted()) {
    const message = `The file of the bug ${bug?.name} is not loaded by the scenario.`
    say({ type: 'refused', message })
    return
  }
  loaded
    .carryOut(task, (text) => say({ type: 'progress', text }))
    .then(
      (outcome) => say({ type: 'done', outcome }),
      (error: unknown) => say({ type: 'refused', message: String(error) }),
    )
})
