// What stands before a site and before nodes where pages come over TLS: it ends there, as at a proxy.
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { createAuthority, createNodeCertificate, type IssuedCertificate } from '@casty/cert'
import { NodeAddress } from '@casty/transport'

/** Of an authority of its own, for what is on this machine. */
export async function certificateHere(): Promise<IssuedCertificate> {
  const authority = await createAuthority()
  const address = NodeAddress.of('127.0.0.1', 0)
  return await createNodeCertificate(authority, { clusterName: 'shop', address })
}

/** What a browser is told to trust: the key of a certificate, by its hash. */
export function keyHashOf({ cert }: IssuedCertificate): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** Ends TLS, and passes on what comes to a port of this machine. */
export interface TlsFront extends AsyncDisposable {
  readonly address: string
}

export async function tlsFront(
  { cert, key }: IssuedCertificate,
  { host, port }: NodeAddress,
): Promise<TlsFront> {
  const server = createServer({ cert, key, minVersion: 'TLSv1.3' }, (outside) => {
    const inside = connect(port, host)
    // Each end tells the other when it breaks.
    outside.on('error', () => inside.destroy()).on('close', () => inside.destroy())
    inside.on('error', () => outside.destroy()).on('close', () => outside.destroy())
    outside.pipe(inside).pipe(outside)
  })
  server.on('tlsClientError', () => {}) // Whoever does not trust it goes away.
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo // It listens on a port.
  return {
    address: `127.0.0.1:${own}`,
    async [Symbol.asyncDispose]() {
      // Its connections end with those who have them: the nodes are gone by then.
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
