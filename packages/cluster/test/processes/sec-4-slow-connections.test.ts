// SEC-4: thousands of connections that say next to nothing do not disturb members, though they come from the same host.
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { Behaviors, ClusteredActorSystem, type ActorRef } from '@casty/cluster'
import { tcpTransport } from '@casty/transport-tcp'
import { expect, test } from 'vitest'

const connections = 5_000
/** Of descriptors: those of the connections, and what a process needs besides. */
const neededFiles = connections + 500
const secret = 'Vr0Zp2vKq3dJ1mX9sT7wLbYcGhNfAeUo'

const echo = Behaviors.receive<{ readonly number: number; readonly replyTo: ActorRef<number> }>(
  ({ number, replyTo }) => replyTo.tell(number),
)

function filesAllowed(): number {
  if (process.platform === 'win32') return 0
  const limit = execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}

test('5,000 slow connections leave members in reach of each other, and questions answered', async (context) => {
  const allowed = filesAllowed()
  if (allowed < neededFiles) {
    context.skip(`${neededFiles} open files are needed in a process, ${allowed} are allowed here`)
  }
  const start = (seedNodes: readonly string[]) =>
    ClusteredActorSystem.start({
      transport: tcpTransport(),
      secret,
      seedNodes,
      requiredQuorum: seedNodes.length + 1,
    })
  await using a = await start([])
  await using b = await start([a.cluster.self.address.toString()])
  const unreachable: string[] = []
  const closed: string[] = []
  for (const { cluster } of [a, b]) {
    cluster.subscribe((event) => {
      if (event.type === 'member-unreachable') unreachable.push(event.member.key)
    })
    cluster.endpoint.subscribe((event) => {
      if (event.type === 'lane-closed') closed.push(`${event.lane} ${event.reason}`)
    })
  }
  b.spawn(
    Behaviors.singleton(() => echo),
    'echo',
  )
  const asked = a.singletonRef<{ number: number; replyTo: ActorRef<number> }>('echo')
  const question = (number: number) =>
    a.ask(asked, (replyTo: ActorRef<number>) => ({ number, replyTo }))
  expect(await question(-1)).toBe(-1)

  const program = new URL('./slow-connections.program.ts', import.meta.url).pathname
  const ports = [a, b].map(({ cluster }) => String(cluster.self.address.port))
  const child = fork(program, [String(connections), ...ports])
  let report: unknown
  const reported = once(child, 'message').then(([message]: unknown[]) => (report = message))
  let answered = 0
  let mostPending = 0
  while (report === undefined) {
    expect(await question(answered)).toBe(answered)
    answered++
    for (const { cluster } of [a, b]) {
      mostPending = Math.max(mostPending, cluster.endpoint.explain().pendingHandshakes)
    }
  }
  await reported

  expect(report).toEqual({ opened: connections, ended: connections })
  expect(answered).toBeGreaterThan(0)
  expect(unreachable).toEqual([])
  expect(closed).toEqual([])
  // Of one source: those that wait, and the few beyond them that are told that there are too many.
  expect(mostPending).toBeGreaterThan(8)
  expect(mostPending).toBeLessThanOrEqual(16 + 16)
  const refused = [a, b].map(({ cluster }) => cluster.endpoint.counters().handshakesFailed)
  const ends = refused.reduce((sum, { busy, timeout, ended, garbage }) => {
    return sum + busy + timeout + ended + garbage
  }, 0)
  expect(ends).toBeGreaterThanOrEqual(connections)
  // And the next node is let in.
  await using c = await start([a.cluster.self.address.toString()])
  expect(c.getClusterState().members.length).toBe(3)
}, 180_000)
