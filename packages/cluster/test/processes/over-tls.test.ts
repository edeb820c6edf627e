// Two systems over TCP with TLS, by files of `casty cert` and a `casty.toml` that names them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Behaviors, ClusteredActorSystem } from '@casty/cluster'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { writeAuthority, writeNodeCertificate } from '@casty/cert'
import { expect, test } from 'vitest'

test('nodes whose config names their certificates talk by TLS, and to nobody else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'casty-tls-'))
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
  const start = async (node: string, clusterName: string, seedNodes: readonly string[]) => {
    const { cert, key } = await writeNodeCertificate(folder, join(folder, node), {
      clusterName,
      address: NodeAddress.parse('127.0.0.1:0'),
    })
    const file = join(folder, node, 'casty.toml')
    const files = { certfile: cert, keyfile: key, cafile: join(folder, 'ca.crt') }
    const lines = Object.entries(files).map(([name, path]) => `${name} = ${JSON.stringify(path)}`)
    await writeFile(file, ['[system]', 'name = "shop"', '[cluster.tls]', ...lines, ''].join('\n'))
    const options = { transport: tcpTransport, port: 0, seedNodes }
    return await ClusteredActorSystem.fromConfig(file, options)
  }
  await writeAuthority(folder)
  await using first = await start('first', 'shop', [])
  await using second = await start('second', 'shop', [String(first.selfNode.address)])
  await second.waitFor(2)
  const parrot = Behaviors.receiveMessage<{ readonly replyTo: { tell(text: string): void } }>(
    ({ replyTo }) => replyTo.tell('by TLS'),
  )
  first.spawn(
    Behaviors.singleton(() => parrot),
    'parrot',
  )
  const ref = second.spawn(
    Behaviors.singleton(() => parrot),
    'parrot',
  )
  expect(await second.ask(ref, (replyTo) => ({ replyTo }))).toBe('by TLS')

  // Of the same authority, and made out to a node of another cluster.
  await using stranger = await start('stranger', 'other', [String(first.selfNode.address)])
  await expect
    .poll(() => JSON.stringify(stranger.explain().cluster.contacts), { timeout: 20_000 })
    .toMatch(/identity.*not to URI:casty:\/\/shop\//)
})
