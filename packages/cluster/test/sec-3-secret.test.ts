// SEC-3, SEC-16, SEC-18 and SEC-19 for a whole system: a secret of members, another one of clients, and what is told of it.
import {
  Behaviors,
  ClusteredActorSystem,
  type ActorRef,
  type ClusteredActorSystemOptions,
} from '@casty/cluster'
import { sharedSecret } from '@casty/secret'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const member = 'Vr0Zp2vKq3dJ1mX9sT7wLbYcGhNfAeUo'
const client = 'c8Rk5nWx2bQeHzTj7yMvPaLsDgUo4iFX'
const another = 'Wn4Jt6yQb1KxVm8RzHsGpLdCfEaUo3Ti'
const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code

const echo = Behaviors.receive<ActorRef<string>>((replyTo) => replyTo.tell('here'))
const here = (replyTo: ActorRef<string>): ActorRef<string> => replyTo

/** What was logged, as text. */
function logTo(lines: string[]): NonNullable<ClusteredActorSystemOptions['logger']> {
  const note =
    (level: string) =>
    (details: object, message: string): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(details)}`)
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
}

test('nodes that know a secret are a cluster, and who does not know it stays outside', async () => {
  const lines: string[] = []
  await using world = await SystemWorld.start('a b', {
    secret: member,
    insecure: false,
    logger: logTo(lines),
  })
  expect(lines.filter((line) => line.includes('do not encrypt'))).toHaveLength(2)
  const options = { ...world.optionsFor('c'), secret: another, quorumTimeoutMs: 20_000 }
  const starting = ClusteredActorSystem.start({ ...options, requiredQuorum: 3 }).catch(codeOf)
  await world.pass(10_000)
  expect(world.node('a').getClusterState().members).toHaveLength(2)
  const failures = lines.filter((line) => line.includes('has not proved who it is'))
  expect(failures).toHaveLength(1) // For all its attempts.
  expect(failures[0]).toMatch(
    /^warn .*"side":"acceptor","source":"c","claimed":"c:1#.*without a proof of the secret/,
  )
  expect(await world.settled(starting, 60_000)).toMatch(/^CASTY_/)
  for (const secret of [member, another, client]) expect(lines.join()).not.toContain(secret)
})

test('a client is let in by a secret of its own, and by no other', async () => {
  await using world = await SystemWorld.start('a b', {
    clients: true,
    secret: { member, client },
  })
  world.node('b').spawn(
    Behaviors.singleton(() => echo),
    'boss',
  )
  const known = await world.client('x', { secret: client })
  expect(await world.settled(known.ask(known.singletonRef<ActorRef<string>>('boss'), here))).toBe(
    'here',
  )
  for (const secret of [undefined, another, member]) {
    const attempt = world.client('y', { ...(secret && { secret }), connectTimeoutMs: 3_000 })
    expect(await attempt.catch(codeOf)).toBe('CASTY_REMOTE_NO_CONTACT')
  }
})

test('the secret of a cluster changes while it runs, and nobody goes out of reach', async () => {
  const secrets = new Map<string, ReturnType<typeof sharedSecret>>()
  const world = new SystemWorld()
  await using _ = world
  const start = async (host: string, first: string): Promise<void> => {
    const authentication = sharedSecret({ member: first })
    secrets.set(host, authentication)
    await world.start(host, { authentication })
  }
  for (const host of ['a', 'b', 'c']) await start(host, member)
  const unreachable: string[] = []
  for (const node of world.nodes) {
    node.cluster.subscribe((event) => {
      if (event.type === 'member-unreachable') unreachable.push(event.member.key)
    })
  }
  for (const step of [[member, another], [another, member], [another]]) {
    for (const secret of secrets.values()) {
      secret.rotate({ member: step })
      await world.pass(2_000)
    }
  }
  await start('d', another) // Makes connections to all of them.
  await world.until(() => world.nodes.every((node) => node.getClusterState().members.length === 4))
  expect(unreachable).toEqual([])
})

test.each([
  ['CASTY_SECRET_TOO_WEAK', { secret: 'hunter2' }],
  ['CASTY_SECRET_INVALID_OPTION', { secret: { member, client: member } }],
  ['CASTY_CLUSTER_INVALID_OPTION', { secret: member, authentication: sharedSecret({ member }) }],
  ['CASTY_CLUSTER_INVALID_OPTION', { secret: sharedSecret({ member }) }],
  ['CASTY_MEMBERSHIP_INVALID_OPTION', { authentication: { secret: member } }],
  ['CASTY_TRANSPORT_INSECURE_BIND', { insecure: false }],
])('a start rejects with %s for %j', async (code, wrong) => {
  const world = new SystemWorld()
  await using _ = world
  const options = { ...world.optionsFor('a'), ...wrong } as ClusteredActorSystemOptions
  expect(await world.settled(ClusteredActorSystem.start(options).catch(codeOf))).toBe(code)
})

test('what is wrong with a secret is told by the option that it was given as', async () => {
  const world = new SystemWorld()
  await using _ = world
  const refusalOf = (secret: unknown): Promise<unknown> => {
    const options = { ...world.optionsFor('a'), secret } as ClusteredActorSystemOptions
    return ClusteredActorSystem.start(options).catch((error: Error) => error.message)
  }
  expect(await refusalOf('hunter2')).toMatch(/^secret can be guessed/)
  expect(await refusalOf({ member, client: 'hunter2' })).toMatch(/^secret\.client can be guessed/)
  expect(await refusalOf(sharedSecret({ member }))).toBe(
    'Option secret is an object; allowed is a secret as text or bytes; hand what sharedSecret() returns over as authentication.',
  )
})
