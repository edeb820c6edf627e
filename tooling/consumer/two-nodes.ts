// What a user may write with two packages: a cluster of two processes that meet over TCP, see each
// other up, and part in order. Ends with exit code 0 only if all of it happened.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Cluster, MembershipError, type ClusterEvent } from '@casty/membership'
import { tcpTransport } from '@casty/transport-tcp'

const settings = { name: 'consumer', host: '127.0.0.1', port: 0, transport: tcpTransport() }

async function join(seed: string): Promise<void> {
  await using cluster = await Cluster.start({ ...settings, seedNodes: [seed] })
  const state = await cluster.waitFor(2)
  assert.equal(state.members.length, 2)
  await cluster.leave()
}

async function form(): Promise<void> {
  await using cluster = await Cluster.start(settings)
  const seen: ClusterEvent['type'][] = []
  using _ = cluster.subscribe((event) => seen.push(event.type))
  const child = fork(fileURLToPath(import.meta.url), [cluster.self.address.toString()])
  const [exitCode] = await once(child, 'exit')
  assert.equal(exitCode, 0, 'the second node ended with an error')
  for (const type of ['current-state', 'member-up', 'member-removed'] as const) {
    assert.ok(seen.includes(type), `no ${type} among ${seen.join(', ')}`)
  }
  assert.deepEqual(
    cluster.getState().members.map(({ status }) => status),
    ['up'],
  )
}

const [seed] = process.argv.slice(2)
await (seed === undefined ? form() : join(seed))
await assert.rejects(Cluster.start({ ...settings, port: -1 }), (error: unknown) => {
  return error instanceof MembershipError && error.code === 'CASTY_MEMBERSHIP_INVALID_OPTION'
})
console.log(`${seed === undefined ? 'First' : 'Second'} node is done, on Node ${process.version}`)
