// SEC-13, as far as refs go: a life of a member's address that a client has made up ends nothing between members.
import { Behaviors, NodeIdentity, type ActorRef, type ClusteredClient } from '@casty/cluster'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const echo = Behaviors.receive<ActorRef<string>>((replyTo) => replyTo.tell('here'))
const here = (replyTo: ActorRef<string>): ActorRef<string> => replyTo

/** To an actor of a life that there never was. */
function invented(client: ClusteredClient, { address, incarnation }: NodeIdentity) {
  return client.client.ref<string>(NodeIdentity.of(address, incarnation + 5), '/user/nobody')
}

test('an answer to a later life of a member, which a client has made up, leaves members connected', async () => {
  await using world = await SystemWorld.start('a b', { clients: true })
  const [a, b] = [world.node('a'), world.node('b')]
  for (const node of [a, b]) node.spawn(Behaviors.broadcasted(echo), 'echo')
  await world.pass(2_000)
  const client = await world.client('x')
  const closed: string[] = []
  for (const { cluster } of [a, b]) {
    cluster.endpoint.subscribe((event) => {
      if (event.type === 'lane-closed') closed.push(`${event.lane} ${event.peer} ${event.reason}`)
    })
  }
  const before = a.cluster.endpoint.counters().dropped['peer-gone']
  for (let run = 0; run < 20; run++) {
    client.broadcastRef<ActorRef<string>>('echo').tell(invented(client, b.cluster.self))
    await world.pass(200)
  }
  expect(a.cluster.endpoint.counters().dropped['peer-gone']).toBeGreaterThan(before)
  expect(closed).toEqual([])
  const answers = await world.settled(client.ask(client.broadcastRef('echo'), here))
  expect([...answers.answers.values()]).toEqual(['here', 'here'])
})
