import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { ActorRef } from '@casty/actor'
import { ClusteredActorSystem } from '@casty/cluster'
import { tcpTransport } from '@casty/transport-tcp'
import { expect, test } from 'vitest'
import { tally } from './tally.ts'

test('a process that is told to end hands over what only it ran, leaves, and ends by that signal', async () => {
  const program = new URL('./node.program.ts', import.meta.url).pathname
  const child = fork(program, { execArgv: ['--conditions=@casty/source'] })
  const ended = once(child, 'exit')
  const [seed] = await once(child, 'message')
  await using system = await ClusteredActorSystem.start({
    transport: tcpTransport(),
    seedNodes: [String(seed)],
    requiredQuorum: 2,
  })
  const ref = system.spawn(tally, 'tally')
  const asked = async (): Promise<{ readonly sum: number; readonly pid: number }> =>
    await system.ask(ref, (replyTo: ActorRef<{ sum: number; pid: number }>) => replyTo, {
      timeoutMs: 20_000,
    })
  ref.tell(3)
  expect(await asked()).toEqual({ sum: 3, pid: child.pid })
  const removed = new Promise((resolve) => {
    system.eventStream.subscribe('member-removed', ({ previousStatus }) => resolve(previousStatus))
  })
  child.kill('SIGTERM')
  expect(await removed).toBe('exiting')
  expect(await asked()).toEqual({ sum: 3, pid: process.pid })
  expect(await ended).toEqual([null, 'SIGTERM'])
})
