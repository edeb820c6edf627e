// SEC-3: a secret whose file is replaced while its node runs.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configOf, type ClusteredActorSystemOptions } from '@casty/cluster'
import { parse } from 'smol-toml'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const first = 'Vr0Zp2vKq3dJ1mX9sT7wLbYcGhNfAeUo'
const next = 'Wn4Jt6yQb1KxVm8RzHsGpLdCfEaUo3Ti'
let folder: string
let lines: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casty-secret-'))
  lines = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const logger: NonNullable<ClusteredActorSystemOptions['logger']> = {
  debug: () => {},
  info: (_details, message) => void lines.push(`info ${message}`),
  warn: (details, message) => void lines.push(`warn ${message} ${JSON.stringify(details)}`),
  error: (_details, message) => void lines.push(`error ${message}`),
}
const told = (text: string): readonly string[] => lines.filter((line) => line.includes(text))

function write(host: string, ...secrets: readonly string[]): void {
  writeFileSync(join(folder, host), secrets.join('\n'), { mode: 0o600 })
}

/** As a config file of that node says it. */
function configOfNode(host: string, more = ''): ReturnType<typeof configOf> {
  const toml = `[cluster]\nsecret_file = ${JSON.stringify(join(folder, host))}\n${more}`
  return configOf('casty.toml', parse(toml))
}

/** One node with the first secret, whose file is read again so often; it runs until the result is disposed of. */
async function startAlone(reloadInterval: string): Promise<SystemWorld> {
  const world = new SystemWorld()
  write('a', first)
  const config = configOfNode('a', `secret_reload_interval = "${reloadInterval}"`)
  await world.start('a', { config, logger })
  return world
}

/** A second node is let in by that secret. */
async function joinsBy(world: SystemWorld, secret: string): Promise<void> {
  write('b', secret)
  await world.start('b', { config: configOfNode('b') })
  await world.until(() => world.nodes.every((node) => node.getClusterState().members.length === 2))
}

test('the secret of a cluster changes by its files alone, and nobody goes out of reach', async () => {
  const world = new SystemWorld()
  await using _ = world
  const hosts = ['a', 'b', 'c']
  const unreachable: string[] = []
  for (const host of hosts) {
    write(host, first)
    const node = await world.start(host, { config: configOfNode(host), logger })
    node.cluster.subscribe((event) => {
      if (event.type === 'member-unreachable') unreachable.push(event.member.key)
    })
  }
  for (const step of [[first, next], [next, first], [next]]) {
    for (const host of hosts) write(host, ...step)
    await world.pass(62_000)
  }
  expect(told('what its file holds now is in force')).toHaveLength(9)
  write('d', next)
  await world.start('d', { config: configOfNode('d') }) // Makes connections to all of them.
  await world.until(() => world.nodes.every((node) => node.getClusterState().members.length === 4))
  expect(unreachable).toEqual([])
  for (const secret of [first, next]) expect(lines.join()).not.toContain(secret)
})

test('a file is read again as often as the config says, and counts once it stays as it is', async () => {
  await using world = await startAlone('5s')
  await world.pass(4_000)
  write('a', next.slice(0, 24)) // Half-written, and by itself a secret.
  await world.pass(1_500)
  write('a', next)
  await world.pass(1_000)
  expect(told('is in force')).toEqual([])
  await world.pass(1_000)
  expect(told('is in force')).toHaveLength(1)
  await joinsBy(world, next)
})

test('what can be no secret changes nothing, and that is told once', async () => {
  await using world = await startAlone('1s')
  write('a', 'hunter2')
  await world.pass(10_000)
  expect(told('cluster.secret_file can be guessed')).toHaveLength(1)
  expect(lines.join()).not.toContain('hunter2')
  rmSync(join(folder, 'a'))
  await world.pass(10_000)
  expect(told('cannot be read')).toHaveLength(1)
  await joinsBy(world, first)
  expect(told('is in force')).toEqual([])
})

test('a file that others may read is told at the start, once, and as it comes to that', async ({
  skip,
}) => {
  skip(process.platform === 'win32', 'files have no modes here')
  const world = new SystemWorld()
  await using _ = world
  const file = join(folder, 'a')
  write('a', first)
  chmodSync(file, 0o644)
  const config = configOfNode('a', 'secret_reload_interval = "1s"')
  await world.start('a', { config, logger })
  await world.pass(10_000)
  expect(told('Others may read the secret')).toEqual([
    `warn Others may read the secret in ${file} (0644): chmod 600 ` +
      JSON.stringify({ code: 'CASTY_SECRET_EXPOSED', file, mode: '0644' }),
  ])
  chmodSync(file, 0o600)
  await world.pass(2_000)
  chmodSync(file, 0o666)
  await world.pass(2_000)
  expect(told('Others may read the secret')).toHaveLength(2)
})
