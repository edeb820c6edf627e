// SEC-15 over real sockets: whose certificate is forbidden by one member is taken out by all, and ends with the reason.
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusteredActorSystem } from '@casty/cluster'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { writeAuthority, writeNodeCertificate } from '@casty/cert'
import { expect, test } from 'vitest'

const patience = { timeout: 60_000 }

test(
  'a certificate that one member forbids ends the node that shows it, everywhere, and lets nobody in',
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'casty-evicted-'))
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
    await writeAuthority(folder)
    const issue = async (node: string) =>
      await writeNodeCertificate(folder, join(folder, node), {
        clusterName: 'shop',
        address: NodeAddress.parse('127.0.0.1:0'),
      })
    const start = async (
      { cert, key }: { readonly cert: string; readonly key: string },
      seedNodes: readonly string[],
      requiredQuorum?: number,
    ) =>
      await ClusteredActorSystem.start({
        name: 'shop',
        transport: tcpTransport({ tls: { ca: join(folder, 'ca.crt'), cert, key } }),
        port: 0,
        seedNodes,
        ...(requiredQuorum !== undefined && { requiredQuorum }),
      })
    await using first = await start(await issue('first'), [])
    const seeds = [String(first.selfNode.address)]
    await using second = await start(await issue('second'), seeds)
    const stolen = await issue('third')
    await using third = await start(stolen, seeds)
    await third.waitFor(3)

    const fingerprint = new X509Certificate(await readFile(stolen.cert)).fingerprint256
    second.cluster.forbid({ fingerprint })
    expect(await third.terminated).toBe('forbidden')
    await expect(third.waitFor(1)).rejects.toMatchObject({ code: 'CASTY_CLUSTER_FORBIDDEN' })
    const members = (system: ClusteredActorSystem): readonly string[] =>
      system.getClusterState().members.map(({ key, status }) => `${key} ${status}`)
    const left = [first, second].map(({ selfNode }) => `${selfNode.key} up`).toSorted()
    await expect.poll(() => members(first).toSorted(), patience).toEqual(left)
    await expect.poll(() => members(second).toSorted(), patience).toEqual(left)

    // The same certificate, in another life and at another port.
    await expect(start(stolen, seeds, 1)).rejects.toMatchObject({
      code: 'CASTY_CLUSTER_FORBIDDEN',
    })
  },
)
