import type * as Certificates from '@casty/cert'
import { defined } from '@casty/options'
import { NodeAddress } from '@casty/transport'
import { numeric, readOptions, required, UsageError, type Command, type Output } from './command.ts'

type Cert = typeof Certificates

const usage = `casty cert ca    makes the authority of a cluster: ca.crt for every node, ca.key for nobody
  --out <folder>     where they are written
  --name <text>      whose authority it is (casty)
  --days <number>    how long it is valid (3650)
  --renew            replaces ca.crt alone: what ca.key has signed stays good
casty cert node  makes the certificate of a node: <host>-<port>.crt and .key
  --ca <folder>      where ca.crt and ca.key are
  --cluster <name>   the name of the cluster: that of its actor system
  --host <host>      what other nodes dial
  --port <number>    the one port that it is for (all)
  --san <name>       a name besides, as DNS:a.example or IP:10.0.0.1; may be repeated
  --days <number>    how long it is valid (90)
  --out <folder>     where they are written (the folder of the authority)
both
  --force            replaces files that are there
  --json             tells what was written as JSON`

const shared = {
  days: { type: 'string' },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  out: { type: 'string' },
} as const

/** `casty cert`: authorities and certificates of nodes, by `@casty/cert`. */
export const certCommand: Command = {
  usage,
  async run([kind, ...args], output) {
    switch (kind) {
      case 'ca':
        return await makeAuthority(args, output)
      case 'node':
        return await makeNode(args, output)
      default:
        throw new UsageError(
          kind === undefined
            ? 'casty cert makes a ca, or a node'
            : `casty cert ${kind} is not known`,
        )
    }
  },
}

async function makeAuthority(args: readonly string[], output: Output): Promise<void> {
  const own = { name: { type: 'string' }, renew: { type: 'boolean', default: false } } as const
  const options = readOptions(args, { ...shared, ...own })
  const { force, json, name, out, renew } = options
  const folder = required('out', out)
  const days = numeric('days', options.days)
  if (renew && name !== undefined) throw new UsageError('--renew keeps the name: leave --name out')
  const { renewAuthorityFile, writeAuthority } = await loadCert()
  if (renew) return tell(await renewAuthorityFile(folder, defined({ days })), json, output)
  tell(await writeAuthority(folder, { force, ...defined({ name, days }) }), json, output)
}

async function makeNode(args: readonly string[], output: Output): Promise<void> {
  const options = readOptions(args, {
    ...shared,
    ca: { type: 'string' },
    cluster: { type: 'string' },
    host: { type: 'string' },
    port: { type: 'string' },
    san: { type: 'string', multiple: true },
  })
  const { force, json, san } = options
  const authority = required('ca', options.ca)
  const clusterName = required('cluster', options.cluster)
  const host = required('host', options.host)
  const address = NodeAddress.of(host, numeric('port', options.port) ?? 0)
  const days = numeric('days', options.days)
  const { writeNodeCertificate } = await loadCert()
  const names = san === undefined ? {} : { names: san }
  const written = await writeNodeCertificate(authority, options.out ?? authority, {
    clusterName,
    address,
    force,
    ...names,
    ...defined({ days }),
  })
  tell(written, json, output)
}

/** It brings a library along that nothing else needs, so it is installed by who makes certificates. */
async function loadCert(): Promise<Cert> {
  try {
    return await import('@casty/cert')
  } catch (error) {
    const isMissing =
      error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw error
    const text = '`casty cert` needs the package @casty/cert: npm install --save-dev @casty/cert'
    throw new Error(text, { cause: error })
  }
}

function tell(written: Certificates.WrittenCertificate, json: boolean, { out }: Output): void {
  if (json) return out(JSON.stringify(written))
  const { cert, key, subject, expiresAt } = written
  out(`${cert}\n${key}\nmade out to ${subject}, until ${expiresAt}`)
}
