// A thread that carries out runs. A seeded bug is put in before any module of the code under test is
// loaded, which is why nothing of it is imported at the top.
import { parentPort, workerData } from 'node:worker_threads'
import { plant } from './bugs/plant.ts'
import type { Answer, Task, ThreadData } from './task.ts'

// `Hand` starts it with these.
const { bug } = workerData as ThreadData
const isPlanted = bug === undefined ? () => true : await plantNamed(bug)
const { carryOut } = await import('./carry-out.ts')

const say = (answer: Answer): void => parentPort?.postMessage(answer)

parentPort?.on('message', (task: Task) => {
  if (!isPlanted()) {
    say({ type: 'refused', message: `The file of the bug ${bug} is not loaded by the scenario.` })
    return
  }
  carryOut(task, (text) => say({ type: 'progress', text })).then(
    (outcome) => say({ type: 'done', outcome }),
    (error: unknown) => say({ type: 'refused', message: String(error) }),
  )
})

async function plantNamed(name: string): Promise<() => boolean> {
  const { bugNamed } = await import('./bugs/catalogue.ts')
  return plant(bugNamed(name))
}
