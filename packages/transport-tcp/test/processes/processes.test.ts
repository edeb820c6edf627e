import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { NodeIdentity } from '@casty/transport'
import { Node } from '../nodes.ts'

test('a killed process is known as closed, then refused', async () => {
  const program = new URL('./peer.program.ts', import.meta.url).pathname
  const child = fork(program, { execArgv: ['--conditions=@casty/source'] })
  const [identity] = await once(child, 'message')
  const peer = NodeIdentity.parse(String(identity))
  await using alice = await Node.start()
  alice.endpoint.keep(peer)
  await alice.event('lane-opened')
  child.kill('SIGKILL')
  expect(await alice.event('lane-closed')).toMatchObject({ peer: { key: peer.key } })
  expect(await alice.event('dial-failed')).toMatchObject({ failure: 'refused' })
})

test('a process out of descriptors blames itself, accepts again later, and stays alive', async () => {
  // A shell lowers the limit for the child alone.
  const program = new URL('./descriptors.program.ts', import.meta.url).pathname
  const child = fork(program, {
    execPath: '/bin/sh',
    execArgv: [
      '-c',
      'ulimit -n 64; exec "$0" "$@"',
      process.execPath,
      '--conditions=@casty/source',
    ],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [report] = await once(child, 'message')
  expect(report).toEqual({
    dialByAddress: 'local',
    dialByName: 'local',
    acceptedAfterwards: true,
  })
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
})
